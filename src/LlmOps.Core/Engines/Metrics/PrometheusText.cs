using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;

namespace LlmOps.Engines.Metrics;

/// <summary>What a scrape of <c>/metrics</c> holds.</summary>
/// <param name="Samples">The values, in the order of the text.</param>
/// <param name="DamagedLines">Lines that are neither a value, a comment nor blank.</param>
internal sealed record PrometheusScrape(IReadOnlyList<MetricSample> Samples, int DamagedLines);

/// <summary>Reads Prometheus' text format. A line that cannot be read is counted and left out; the others still count.</summary>
/// <remarks>
/// <code>
/// sample = name [ "{" label *( "," label ) [ "," ] "}" ] value [ timestamp ]
/// label  = name "=" quoted       ; escapes in quoted: \\ \" \n
/// value  = number | "NaN" | "+Inf" | "-Inf"
/// </code>
/// Source: Prometheus, <c>docs/instrumenting/exposition_formats.md</c>, text format version 0.0.4.
/// </remarks>
internal static class PrometheusText
{
    /// <summary>A server with a value for each of its users would have this many; more is not a scrape of an engine.</summary>
    private const int MostSamples = 100_000;

    private static readonly ReadOnlyDictionary<string, string> s_noLabels = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Reads a scrape.</summary>
    public static PrometheusScrape Parse(ReadOnlySpan<char> text)
    {
        List<MetricSample> samples = [];
        int damaged = 0;
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            ReadOnlySpan<char> rest = line.Trim();
            if (rest.IsEmpty || rest[0] == '#')
            {
                continue;
            }

            if (samples.Count < MostSamples && TryParseLine(rest) is { } sample)
            {
                samples.Add(sample);
            }
            else
            {
                damaged++;
            }
        }

        return new PrometheusScrape(samples, damaged);
    }

    private static MetricSample? TryParseLine(ReadOnlySpan<char> rest)
    {
        string? name = TakeName(ref rest);
        IReadOnlyDictionary<string, string>? labels = s_noLabels;
        rest = rest.TrimStart();
        if (name is not null && rest.StartsWith('{'))
        {
            labels = TakeLabels(ref rest);
        }

        return name is not null && labels is not null && TryParseValue(rest, out double value) ? new MetricSample(name, labels, value) : null;
    }

    private static Dictionary<string, string>? TakeLabels(ref ReadOnlySpan<char> rest)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        rest = rest[1..].TrimStart();
        while (!rest.StartsWith('}'))
        {
            if (TakeName(ref rest) is not { } name || !TakeMark(ref rest, '=') || TakeQuoted(ref rest) is not { } value)
            {
                return null;
            }

            labels[name] = value;
            if (!TakeMark(ref rest, ',') && !rest.StartsWith('}'))
            {
                return null;
            }
        }

        rest = rest[1..];
        return labels;
    }

    private static string? TakeName(ref ReadOnlySpan<char> rest)
    {
        int length = 0;
        while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[length]) || rest[length] is '_' or ':'))
        {
            length++;
        }

        if (length == 0 || char.IsAsciiDigit(rest[0]))
        {
            return null;
        }

        string name = rest[..length].ToString();
        rest = rest[length..];
        return name;
    }

    private static bool TakeMark(ref ReadOnlySpan<char> rest, char mark)
    {
        rest = rest.TrimStart();
        if (!rest.StartsWith(mark))
        {
            return false;
        }

        rest = rest[1..].TrimStart();
        return true;
    }

    private static string? TakeQuoted(ref ReadOnlySpan<char> rest)
    {
        if (!rest.StartsWith('"'))
        {
            return null;
        }

        StringBuilder text = new();
        for (int index = 1; index < rest.Length; index++)
        {
            switch (rest[index])
            {
                case '"':
                    rest = rest[(index + 1)..].TrimStart();
                    return text.ToString();
                case '\\' when index + 1 < rest.Length:
                    index++;
                    text.Append(rest[index] == 'n' ? '\n' : rest[index]);
                    break;
                default:
                    text.Append(rest[index]);
                    break;
            }
        }

        return null;
    }

    private static bool TryParseValue(ReadOnlySpan<char> rest, out double value)
    {
        rest = rest.Trim();
        int end = rest.IndexOfAny(' ', '\t');
        if (end >= 0 && !long.TryParse(rest[end..].Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            value = 0;
            return false;
        }

        ReadOnlySpan<char> number = end < 0 ? rest : rest[..end];
        value = number switch
        {
            "+Inf" or "Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.NaN,
        };
        return !double.IsNaN(value) || number is "NaN"
            || double.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
    }
}
