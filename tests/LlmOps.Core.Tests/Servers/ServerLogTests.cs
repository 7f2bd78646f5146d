using System.Globalization;
using System.Text;
using LlmOps.Logs;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class ServerLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-log-").FullName;
    private readonly DateTimeOffset _time = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private int _written;

    private string Log => Path.Combine(_folder, "server.log");

    [Fact]
    public void A_full_file_moves_on_and_no_line_is_lost()
    {
        using RotatingLog log = new(Log, fileLimit: 400, fileCount: 3);

        Write(log, 20);

        Assert.Equal(20, ServerLog.Tail(Log, 100).Count);
        Assert.True(File.Exists(Log + ".1"));
        Assert.True(new FileInfo(Log + ".1").Length <= 400);
    }

    [Fact]
    public void No_more_files_are_kept_than_wanted()
    {
        using RotatingLog log = new(Log, fileLimit: 200, fileCount: 3);

        Write(log, 100);

        Assert.Equal(["server.log", "server.log.1", "server.log.2"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
        Assert.EndsWith(" line 99", ServerLog.Tail(Log, 1)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_old_moves_on_however_small_it_is()
    {
        ManualTime time = new();
        using RotatingLog log = new(Log, fileAge: TimeSpan.FromDays(7), time: time);
        Write(log, 1);
        time.Advance(TimeSpan.FromDays(6.9));
        Write(log, 1);
        Assert.False(File.Exists(Log + ".1"));

        time.Advance(TimeSpan.FromDays(0.2));
        Write(log, 1);

        Assert.Equal((1, 2), (File.ReadAllLines(Log).Length, File.ReadAllLines(Log + ".1").Length));
    }

    [Fact]
    public void However_often_a_server_is_started_its_files_stay_as_few_as_wanted()
    {
        for (int start = 0; start < 12; start++)
        {
            using RotatingLog log = new(Log, fileCount: start < 6 ? 5 : 2);
            Write(log, 1);
        }

        Assert.Equal(["server.log", "server.log.1"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_new_start_begins_a_new_file_and_keeps_the_old_one()
    {
        using (RotatingLog first = new(Log))
        {
            Write(first, 2);
        }

        using RotatingLog second = new(Log);
        Write(second, 1);

        Assert.Single(File.ReadAllLines(Log));
        Assert.Equal(["line 0", "line 1", "line 2"], ServerLog.Tail(Log, 10).Select(LogLine.WithoutTime));
    }

    [Fact]
    public void What_is_diagnosed_are_the_lines_since_the_latest_start()
    {
        using (RotatingLog first = new(Log))
        {
            Write(first, 2);
        }

        using RotatingLog second = new(Log);
        Write(second, 3);
        LlmServer server = new()
        {
            Name = "a", Endpoint = new Uri("http://127.0.0.1:1"), Engine = "llama.cpp", Model = "m", LogPath = Log, ConfigPath = "c", StartedAt = _time.AddMilliseconds(2),
        };

        Assert.Equal(["line 2", "line 3", "line 4"], ServerLog.SinceStart(server).Select(LogLine.WithoutTime));
        Assert.Equal(["line 4"], ServerLog.SinceStart(server with { StartedAt = _time.AddMilliseconds(4.4) }).Select(LogLine.WithoutTime));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(9, 9)]
    [InlineData(99, 10)]
    public void The_tail_has_the_last_lines_across_files(int wanted, int found)
    {
        using RotatingLog log = new(Log, fileLimit: 150, fileCount: 10);
        Write(log, 10);

        Assert.Equal(Enumerable.Range(10 - found, found).Select(number => $"line {number}"), ServerLog.Tail(Log, wanted).Select(LogLine.WithoutTime));
    }

    [Fact]
    public void The_tail_of_a_long_file_is_found_from_its_end()
    {
        File.WriteAllLines(Log, Enumerable.Range(0, 50_000).Select(number => $"a rather long line with number {number}"));

        Assert.Equal(["a rather long line with number 49998", "a rather long line with number 49999"], ServerLog.Tail(Log, 2));
    }

    [Fact]
    public void A_follower_loses_nothing_when_the_log_moves_on_several_times_between_two_looks()
    {
        using RotatingLog log = new(Log, fileLimit: 150, fileCount: 50);
        Write(log, 2);
        using LogFollower follower = LogFollower.AtStart(Log);
        List<string> seen = [.. follower.ReadNew(keepPartial: true)];

        Write(log, 37);
        seen.AddRange(follower.ReadNew(keepPartial: true));
        Write(log, 1);
        seen.AddRange(follower.ReadNew(keepPartial: true));

        Assert.Equal(Enumerable.Range(0, 40).Select(number => $"line {number}"), seen.Select(LogLine.WithoutTime));
    }

    [Fact]
    public void A_follower_at_the_end_starts_with_the_last_lines_of_all_files()
    {
        using RotatingLog log = new(Log, fileLimit: 150, fileCount: 50);
        Write(log, 20);

        using LogFollower follower = LogFollower.AtEnd(Log, out IReadOnlyList<string> last, tail: 12);
        Write(log, 1);

        Assert.Equal(Enumerable.Range(8, 12).Select(number => $"line {number}"), last.Select(LogLine.WithoutTime));
        Assert.Equal(["line 20"], follower.ReadNew(keepPartial: true).Select(LogLine.WithoutTime));
    }

    [Fact]
    public void A_line_that_is_half_written_is_shown_when_it_is_whole()
    {
        File.WriteAllText(Log, "first\nsec");
        using LogFollower follower = LogFollower.AtStart(Log);

        Assert.Equal(["first"], follower.ReadNew(keepPartial: true));
        File.AppendAllText(Log, "ond\nthi");
        Assert.Equal(["second"], follower.ReadNew(keepPartial: true));
        Assert.Equal(["thi"], follower.ReadNew(keepPartial: false));
    }

    [Fact]
    public void A_line_carries_the_time_at_which_it_was_read()
    {
        string line = Encoding.UTF8.GetString(LogLine.Compose(_time.AddMilliseconds(7), "text")).TrimEnd('\n');

        Assert.Equal("2026-11-21T09:00:00.007Z text", line);
        Assert.True(LogLine.TryReadTime(line, out DateTimeOffset time));
        Assert.Equal(_time.AddMilliseconds(7), time);
        Assert.Equal("no time", LogLine.WithoutTime("no time"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(RotatingLog log, int count)
    {
        for (int end = _written + count; _written < end; _written++)
        {
            log.Append(LogLine.Compose(_time.AddMilliseconds(_written), string.Create(CultureInfo.InvariantCulture, $"line {_written}")));
        }
    }
}
