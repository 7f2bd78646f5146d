using LlmOps.Engines.Metrics;

namespace LlmOps.Core.Tests.Engines.Metrics;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Names_labels_escapes_timestamps_and_odd_numbers_are_read()
    {
        PrometheusScrape scrape = PrometheusText.Parse("""
            # HELP a:b_total What it "counts"
            # TYPE a:b_total counter
            a:b_total 12
            labelled{model_name="a \"quoted\" \\ name\nnew",engine="0",} 1.5e3 1700000000000
            spaced { x = "}" , y = "," }   -2
            big{le="+Inf"} +Inf
            small -Inf
            none NaN

            """);
        Assert.Equal(0, scrape.DamagedLines);
        Assert.Equal(["a:b_total", "labelled", "spaced", "big", "small", "none"], scrape.Samples.Select(sample => sample.Name));
        Assert.Equal([12, 1500, -2, double.PositiveInfinity, double.NegativeInfinity, double.NaN], scrape.Samples.Select(sample => sample.Value));
        Assert.Equal("a \"quoted\" \\ name\nnew", scrape.Samples[1].Labels["model_name"]);
        Assert.Equal(("}", ","), (scrape.Samples[2].Labels["x"], scrape.Samples[2].Labels["y"]));
    }

    [Theory]
    [InlineData("novalue")]
    [InlineData("9starts_with_digit 1")]
    [InlineData("a{b} 1")]
    [InlineData("a{b=\"c\" 1")]
    [InlineData("a{b=\"c} 1")]
    [InlineData("a{b=\"c\" d=\"e\"} 1")]
    [InlineData("a one")]
    [InlineData("a 1 later")]
    [InlineData("<html>")]
    public void A_damaged_line_is_counted_and_the_next_one_still_read(string line)
    {
        PrometheusScrape scrape = PrometheusText.Parse($"{line}\r\ngood 1\r\n");
        Assert.Equal(1, scrape.DamagedLines);
        Assert.Equal(("good", 1.0), (Assert.Single(scrape.Samples).Name, scrape.Samples[0].Value));
    }

    [Fact]
    public void Whatever_bytes_come_nothing_is_thrown_and_every_line_is_a_sample_or_damaged()
    {
        const string Seed = "# HELP x y\nllamacpp:requests_processing 3\nvllm:a{model_name=\"m\\\"\",engine=\"0\"} 1.5 17\nb{le=\"+Inf\"} NaN\n";
        Random random = new(7);
        for (int round = 0; round < 20_000; round++)
        {
            char[] text = Seed.ToCharArray();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                text[random.Next(text.Length)] = random.Next(4) == 0 ? (char)random.Next(0, 0x3000) : "{}\"\\,= \n#+-eNI0"[random.Next(15)];
            }

            PrometheusScrape scrape = PrometheusText.Parse(text.AsSpan(0, random.Next(text.Length + 1)));
            Assert.InRange(scrape.Samples.Count + scrape.DamagedLines, 0, 40);
        }
    }

    [Fact]
    public void Both_engines_tell_the_same_figures_under_their_own_names()
    {
        EngineReading llama = EngineReading.Of(PrometheusText.Parse("llamacpp:requests_processing 2\nllamacpp:tokens_predicted_total 40\nllamacpp:spec_decode_num_drafts_total 10\n"))!;
        Assert.Equal(("llama.cpp", 2.0, 40.0, 10.0, null), (llama.Engine, llama[MetricFigure.RequestsRunning], llama[MetricFigure.OutputTokens], llama[MetricFigure.Drafts], llama[MetricFigure.Preemptions]));

        // Two engines of one server (data parallel): requests add up, the fuller cache counts; an old name stands in for a new one.
        EngineReading vllm = EngineReading.Of(PrometheusText.Parse("""
            vllm:num_requests_running{engine="0",model_name="m"} 2
            vllm:num_requests_running{engine="1",model_name="m"} 3
            vllm:gpu_cache_usage_perc{engine="0",model_name="m"} 0.25
            vllm:gpu_cache_usage_perc{engine="1",model_name="m"} 0.75
            vllm:num_preemptions_total{engine="0",model_name="m"} NaN
            """))!;
        Assert.Equal(("vllm", "m", 5.0, 0.75, null), (vllm.Engine, vllm.ModelName, vllm[MetricFigure.RequestsRunning], vllm[MetricFigure.KvCacheUsage], vllm[MetricFigure.Preemptions]));
        Assert.Null(EngineReading.Of(PrometheusText.Parse("go_goroutines 12\n")));
    }
}
