namespace LlmOps.Engines.Metrics;

/// <summary>What an engine's <c>/metrics</c> says at one moment.</summary>
/// <param name="Engine">The engine, by the names of its metrics.</param>
/// <param name="Figures">The figures that it tells.</param>
/// <param name="ModelName">The model that its metrics are labelled with; null when they are not.</param>
internal sealed record EngineReading(string Engine, IReadOnlyDictionary<MetricFigure, double> Figures, string? ModelName)
{
    /// <summary>A figure; null when the engine does not tell it.</summary>
    public double? this[MetricFigure figure] => Figures.TryGetValue(figure, out double value) ? value : null;

    /// <summary>Makes figures of a scrape.</summary>
    /// <returns>Null when no known engine wrote it.</returns>
    public static EngineReading? Of(PrometheusScrape scrape)
    {
        ILookup<string, MetricSample> byName = scrape.Samples.ToLookup(sample => sample.Name, StringComparer.Ordinal);
        foreach (EngineMetricTable table in EngineMetricTable.All)
        {
            if (!scrape.Samples.Any(sample => sample.Name.StartsWith(table.Prefix, StringComparison.Ordinal)))
            {
                continue;
            }

            Dictionary<MetricFigure, double> figures = [];
            foreach (MetricRow row in table.Rows)
            {
                if (row.Names.Select(name => byName[name]).FirstOrDefault(samples => samples.Any()) is { } values && Merge(row.Fold, values) is { } value)
                {
                    figures[row.Figure] = value;
                }
            }

            if (table.CountsWholePrompts && figures.TryGetValue(MetricFigure.PromptTokens, out double prompts) && figures.TryGetValue(MetricFigure.CachedPromptTokens, out double cached))
            {
                figures[MetricFigure.PromptTokens] = Math.Max(0, prompts - cached);
            }

            return new EngineReading(table.Engine, figures, scrape.Samples.Select(sample => sample.Labels.GetValueOrDefault("model_name")).FirstOrDefault(name => name is not null));
        }

        return null;
    }

    private static double? Merge(Fold fold, IEnumerable<MetricSample> samples)
    {
        double[] finite = [.. samples.Select(sample => sample.Value).Where(double.IsFinite)];
        return finite.Length == 0 ? null : fold == Fold.Sum ? finite.Sum() : finite.Max();
    }
}
