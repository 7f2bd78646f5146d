using LlmOps.Benchmarking.Transport;
using Xunit;

namespace LlmOps.Core.Tests.Benchmarking.Transport;

public sealed class EndForecastTests
{
    private readonly EndForecast _ends = new();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(15, 14)]
    [InlineData(160, 150)]
    public void At_first_a_sixteenth_of_an_answer_may_be_missing(int expected, int near)
    {
        Assert.Equal(near, _ends.NearEnd(expected));
        End(answers: 15, expected: 160, chunks: 160);
        Assert.Equal(near, _ends.NearEnd(expected));
    }

    [Fact]
    public void Where_none_was_missing_only_the_last_chunk_is_awaited()
    {
        End(answers: 16, expected: 160, chunks: 160);
        Assert.Equal((159, 1599), (_ends.NearEnd(160), _ends.NearEnd(1600)));
    }

    [Fact]
    public void Where_some_were_missing_twice_their_share_may_be_again_but_no_more_than_a_sixteenth()
    {
        End(answers: 15, expected: 1000, chunks: 1000);
        End(answers: 1, expected: 1000, chunks: 990);
        Assert.Equal((979, 489), (_ends.NearEnd(1000), _ends.NearEnd(500)));
        End(answers: 1, expected: 1000, chunks: 950);
        Assert.Equal(938, _ends.NearEnd(1000));
    }

    [Fact]
    public void A_surprise_by_what_was_learned_ends_the_learning_and_one_more_the_forecast()
    {
        End(answers: 16, expected: 160, chunks: 160);
        Assert.True(_ends.Ended(160, 155, wasForeseen: false));
        End(answers: 100, expected: 160, chunks: 160);
        Assert.Equal(150, _ends.NearEnd(160));
        Assert.False(_ends.Ended(160, 100, wasForeseen: false));
    }

    private void End(int answers, int expected, int chunks)
    {
        for (int answer = 0; answer < answers; answer++)
        {
            Assert.True(_ends.Ended(expected, chunks, wasForeseen: true));
        }
    }
}
