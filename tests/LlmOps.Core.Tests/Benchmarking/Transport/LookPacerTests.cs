using LlmOps.Benchmarking.Transport;
using Xunit;

namespace LlmOps.Core.Tests.Benchmarking.Transport;

public sealed class LookPacerTests
{
    private const long Millisecond = 1_000_000;

    /// <summary>Each stream has a chunk in every twenty milliseconds, so this is the pause that suits them.</summary>
    private const long Grown = 10 * Millisecond;

    private readonly LookPacer _pacer = new();
    private long _now;

    [Fact]
    public void Few_streams_are_looked_at_when_something_comes() => Assert.Equal(0, _pacer.Pause(active: 15, ending: 0));

    [Theory]
    [InlineData(200, 20, 10)]
    [InlineData(1000, 20, 10)]
    [InlineData(16, 20, 10)]
    [InlineData(200, 8, 4)]
    [InlineData(200, 1, 1)]
    [InlineData(200, 50, 16)]
    public void Where_chunks_come_one_by_one_pauses_grow_to_half_the_time_between_those_of_a_stream(int active, int gap, int expected)
    {
        Assert.Equal(Millisecond, _pacer.Pause(active, 0));
        Run(reads: 20_000, joined: 0, active, gap * Millisecond);
        Assert.InRange(_pacer.Pause(active, 0), expected * Millisecond * 9 / 10, expected * Millisecond * 11 / 10);
    }

    [Fact]
    public void The_time_before_answers_begin_makes_no_pause_longer()
    {
        for (int look = 0; look < 1000; look++)
        {
            Look(after: _pacer.Pause(200, 0));
        }

        Run(reads: 1100, joined: 0);
        Assert.InRange(_pacer.Pause(200, 0), Millisecond, 2 * Millisecond);
        Run(reads: 10_000, joined: 0);
        Assert.InRange(_pacer.Pause(200, 0), Grown * 9 / 10, Grown * 11 / 10);
    }

    [Fact]
    public void An_answer_about_to_end_is_looked_at_every_millisecond()
    {
        Run(reads: 10_000, joined: 0);
        Assert.Equal(Millisecond, _pacer.Pause(200, ending: 1));
    }

    [Fact]
    public void Chunks_that_were_joined_by_the_pause_make_it_shorter_for_good()
    {
        Run(reads: 10_000, joined: 0);
        Run(reads: 100, joined: 30);
        Run(reads: 2048, joined: 0);
        long shorter = _pacer.Pause(200, 0);
        Assert.InRange(shorter, Millisecond, Grown / 2);
        Run(reads: 10_000, joined: 0);
        Assert.Equal(shorter, _pacer.Pause(200, 0));
        Assert.True(Defers(active: 200));
    }

    [Fact]
    public void Chunks_that_piled_up_while_the_thread_did_not_run_make_no_pause_shorter_for_good()
    {
        Run(reads: 10_000, joined: 0);
        for (int batch = 0; batch < 10; batch++)
        {
            _ = _pacer.Pause(200, 0);
            Look(after: 100 * Millisecond);
            for (int read = 0; read < 200; read++)
            {
                _pacer.Read(chunks: 5, isFull: false);
            }

            Run(reads: 20_000, joined: 0);
            Assert.InRange(_pacer.Pause(200, 0), Grown * 9 / 10, Grown * 11 / 10);
            Assert.True(Defers(active: 200));
        }
    }

    [Theory]
    [InlineData(3, 10)]
    [InlineData(8, 10)]
    [InlineData(12, 6)]
    [InlineData(30, 1)]
    public void A_pause_and_the_delay_of_a_thread_that_is_woken_late_are_shorter_than_the_time_between_chunks(int late, int expected)
    {
        Run(reads: 10_000, joined: 0);
        Run(reads: 10_000, joined: 0, late: late * Millisecond);
        Assert.InRange(_pacer.Pause(200, 0), expected * Millisecond * 9 / 10, expected * Millisecond * 11 / 10);

        Run(reads: 40_000, joined: 0);
        Assert.InRange(_pacer.Pause(200, 0), Grown * 9 / 10, Grown * 11 / 10);
    }

    [Fact]
    public void One_delay_is_reckoned_with_for_a_while()
    {
        Run(reads: 10_000, joined: 0);
        _ = _pacer.Pause(200, 0);
        Look(after: Grown + (14 * Millisecond));
        Run(reads: 2500, joined: 0);
        Assert.InRange(_pacer.Pause(200, 0), 4 * Millisecond, 9 * Millisecond);
    }

    [Fact]
    public void An_end_that_nobody_foresaw_keeps_pauses_short()
    {
        Run(reads: 10_000, joined: 0);
        _pacer.Ended(wasForeseen: true);
        Run(reads: 2048, joined: 0);
        Assert.InRange(_pacer.Pause(200, 0), Grown * 9 / 10, Grown * 11 / 10);
        _pacer.Ended(wasForeseen: false);
        Run(reads: 2048, joined: 0);
        Assert.Equal(Millisecond, _pacer.Pause(200, 0));
    }

    [Fact]
    public void After_a_full_read_the_rest_is_read_at_once()
    {
        _pacer.Read(chunks: 1, isFull: true);
        Assert.Equal(0, _pacer.Pause(200, 0));
        Look(after: Millisecond);
        Assert.Equal(Millisecond, _pacer.Pause(200, 0));
    }

    [Fact]
    public void Few_streams_have_each_chunk_acknowledged_at_once_and_many_after_a_thousand_reads()
    {
        Assert.False(Defers(active: 200));
        Run(reads: 10_000, joined: 0);
        Assert.True(Defers(active: 200));
        Assert.False(Defers(active: 15));
    }

    [Fact]
    public void Chunks_that_a_server_joined_to_wait_for_acknowledgements_have_them_at_once_again_for_good()
    {
        Run(reads: 10_000, joined: 0);
        for (int look = 0; look < 64 && Defers(active: 200); look++)
        {
            Run(reads: 64, joined: 8);
        }

        Assert.False(Defers(active: 200));

        // The pause was not to blame: without the deferral no chunk is joined any more.
        Run(reads: 10_000, joined: 0);
        Assert.InRange(_pacer.Pause(200, 0), Grown * 9 / 10, Grown * 11 / 10);
        Assert.False(Defers(active: 200));
    }

    private bool Defers(int active)
    {
        _ = _pacer.Pause(active, ending: 0);
        return _pacer.DefersAcknowledgement;
    }

    private void Run(int reads, int joined, int active = 200, long gap = 20 * Millisecond, long late = 0)
    {
        int read = 0;
        for (long due = 0; read < reads;)
        {
            long after = _pacer.Pause(active, 0) + late;
            Look(after);
            for (due += after * active; due >= gap && read < reads; due -= gap, read++)
            {
                // Spread, so that every judgement sees its share.
                _pacer.Read(joined > 0 && read % Math.Max(1, reads / joined) == 0 ? 2 : 1, isFull: false);
            }
        }

        Look(after: _pacer.Pause(active, 0));
    }

    private void Look(long after) => _pacer.Look(_now += after);
}
