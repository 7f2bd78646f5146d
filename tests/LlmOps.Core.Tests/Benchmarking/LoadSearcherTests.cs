using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class LoadSearcherTests
{
    [Fact]
    public void The_highest_load_within_the_objectives_is_found_to_a_tenth()
    {
        (double? found, List<double> tried) = Search(new LoadSearcher(LoadSearch.Slo, first: 1, limit: 1024, isWhole: false), load => new SearchedLoad(load, load, load <= 37.3));
        Assert.InRange(found!.Value, 37.3 / 1.1, 37.3);
        Assert.True(tried.Count <= 12, $"{tried.Count} points");
    }

    [Fact]
    public void Whole_loads_are_found_exactly_where_they_are_few()
    {
        (double? found, List<double> tried) = Search(new LoadSearcher(LoadSearch.Slo, first: 1, limit: 1024, isWhole: true), load => new SearchedLoad(load, load, load <= 5));
        Assert.Equal(5, found);
        Assert.All(tried, load => Assert.Equal(Math.Round(load), load));
    }

    [Fact]
    public void A_first_load_that_is_too_much_is_halved()
    {
        (double? found, _) = Search(new LoadSearcher(LoadSearch.Slo, first: 64, limit: 1024, isWhole: false), load => new SearchedLoad(load, load, load <= 3));
        Assert.InRange(found!.Value, 3 / 1.1, 3);
    }

    [Fact]
    public void No_load_within_the_objectives_ends_the_search_with_nothing()
    {
        (double? found, List<double> tried) = Search(new LoadSearcher(LoadSearch.Slo, first: 1, limit: 1024, isWhole: true), load => new SearchedLoad(load, load, false));
        Assert.Null(found);
        Assert.Equal([1.0], tried);
    }

    [Fact]
    public void The_limit_is_tried_and_not_passed()
    {
        (double? found, List<double> tried) = Search(new LoadSearcher(LoadSearch.Slo, first: 1, limit: 10, isWhole: true), load => new SearchedLoad(load, load, true));
        Assert.Equal(10, found);
        Assert.Equal(10, tried.Max());
    }

    [Theory]
    [InlineData(8)]
    [InlineData(20)]
    [InlineData(100)]
    public void The_knee_is_where_twice_the_load_gives_hardly_more(int slots)
    {
        // A server with so many slots: throughput grows with the load up to them, then stays.
        (double? found, List<double> tried) = Search(new LoadSearcher(LoadSearch.Knee, first: 1, limit: 1024, isWhole: true), load => new SearchedLoad(load, 50 * Math.Min(load, slots), true));
        Assert.InRange(found!.Value, slots / 1.25, slots);
        Assert.True(tried.Max() >= 2 * found);
        Assert.True(tried.Count <= 16, $"{tried.Count} points");
    }

    [Fact]
    public void A_server_that_fails_at_once_has_no_knee() =>
        Assert.Null(Search(new LoadSearcher(LoadSearch.Knee, first: 1, limit: 1024, isWhole: true), load => new SearchedLoad(load, 0, false)).Found);

    private static (double? Found, List<double> Tried) Search(LoadSearcher searcher, Func<double, SearchedLoad> measure)
    {
        List<SearchedLoad> measured = [];
        while (searcher.Next(measured) is double load)
        {
            measured.Add(measure(load));
            Assert.True(measured.Count <= 30, "the search does not end");
        }

        return (searcher.Found(measured), [.. measured.Select(point => point.Load)]);
    }
}
