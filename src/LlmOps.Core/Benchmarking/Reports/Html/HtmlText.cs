using System.Globalization;
using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>Text and numbers for a page. Everything that comes from outside goes through here.</summary>
internal static class HtmlText
{
    /// <summary>Text as text: markup in it shows as it is, control characters as spaces.</summary>
    public static string Of(string? text)
    {
        StringBuilder clean = new(text?.Length ?? 0);
        foreach (Rune letter in (text ?? string.Empty).EnumerateRunes())
        {
            // Halves of a pair came out as U+FFFD; direction overrides could make a name show as another one.
            clean.Append(letter.Value switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                (>= 0x202a and <= 0x202e) or (>= 0x2066 and <= 0x2069) => " ",
                _ => Rune.IsControl(letter) ? " " : letter.ToString(),
            });
        }

        return clean.ToString();
    }

    /// <summary>Text in which backticks mark code.</summary>
    public static string OfMarked(string text) => string.Concat(text.Split('`').Select((part, at) => at % 2 == 0 ? Of(part) : $"<code>{Of(part)}</code>"));

    /// <summary>A coordinate of a drawing.</summary>
    public static string At(double value) => Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A number to three or four digits: <c>1234</c>, <c>56.7</c>, <c>0.12</c>.</summary>
    public static string Number(double? value) => value is not { } number || !double.IsFinite(number) ? "–" : Math.Abs(number) switch
    {
        0 => "0",
        >= 1_000_000 => (number / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        >= 100 => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202f'),
        >= 10 => number.ToString("0.#", CultureInfo.InvariantCulture),
        >= 0.1 => number.ToString("0.##", CultureInfo.InvariantCulture),
        _ => number.ToString("0.####", CultureInfo.InvariantCulture),
    };

    /// <summary>So many of something: <c>1 request</c>, <c>2 requests</c>.</summary>
    public static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    /// <summary>A time: <c>123 ms</c>, <c>4.5 s</c>.</summary>
    public static string Time(double? seconds) => seconds is not { } known || !double.IsFinite(known) ? "–"
        : known == 0 ? "0"
        : known < 0.9995 ? Number(known * 1000) + " ms" : Number(known) + " s";

    /// <summary>A share of one: <c>45 %</c>.</summary>
    public static string Percent(double? share) => share is not { } known ? "–" : (100 * known).ToString("0.#", CultureInfo.InvariantCulture) + " %";
}
