using System.Collections;
using System.Globalization;
using System.Management.Automation;
using LlmOps.Benchmarking;

namespace LlmOps.Binding;

/// <summary>Turns the hashtable of <c>-Slo</c> into objectives: <c>@{ Ttft = 0.5; Tpot = [timespan]'0:0:0.05' }</c>. Numbers are seconds.</summary>
internal static class Objectives
{
    /// <exception cref="LlmOpsException"><c>SloNotUsable</c>: a name is unknown or a value is no time.</exception>
    public static ServiceLevel? Of(IDictionary? slo)
    {
        if (slo is null)
        {
            return null;
        }

        ServiceLevel level = new();
        foreach (DictionaryEntry objective in slo)
        {
            string name = Convert.ToString(objective.Key, CultureInfo.InvariantCulture) ?? string.Empty;
            object? value = objective.Value is PSObject wrapped ? wrapped.BaseObject : objective.Value;
            level = name.ToUpperInvariant() switch
            {
                "TTFT" => level with { Ttft = TimeOf(name, value) },
                "TPOT" => level with { Tpot = TimeOf(name, value) },
                "ITL" => level with { Itl = TimeOf(name, value) },
                "E2E" => level with { E2e = TimeOf(name, value) },
                "ATTAINMENT" => level with { Attainment = NumberOf(name, value) },
                _ => throw new LlmOpsException($"-Slo has no objective '{name}'; it takes Ttft, Tpot, Itl, E2e and Attainment.", "SloNotUsable"),
            };
        }

        return level;
    }

    private static TimeSpan TimeOf(string name, object? value) => value is TimeSpan time ? time : TimeSpan.FromSeconds(NumberOf(name, value));

    private static double NumberOf(string name, object? value) =>
        double.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is > 0 and < 1e6
            ? number
            : throw new LlmOpsException($"-Slo's {name} is '{value}'; give seconds above 0, such as 0.5, or a time span.", "SloNotUsable");
}
