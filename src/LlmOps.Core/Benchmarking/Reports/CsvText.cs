using System.Globalization;
using System.Text;

namespace LlmOps.Benchmarking.Reports;

/// <summary>Lines of comma-separated values by RFC 4180.</summary>
internal sealed class CsvText
{
    private readonly StringBuilder _text = new();

    public void Line(IEnumerable<object?> values)
    {
        bool first = true;
        foreach (object? value in values)
        {
            _text.Append(first ? "" : ",").Append(Quote(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", value is string));
            first = false;
        }

        _text.Append("\r\n");
    }

    public override string ToString() => _text.ToString();

    private static string Quote(string value, bool isText)
    {
        // A spreadsheet would run a name that begins like a formula.
        string safe = isText && value is ['=' or '+' or '-' or '@', ..] ? "'" + value : value;
        return safe.AsSpan().ContainsAny(",\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
