using System.Globalization;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Reads the two kinds of lines by which llama-server tells what it put where.</summary>
/// <remarks>By hand: every start reads some of them at once, and the library of patterns takes a new process longer to load than the engine a small model.</remarks>
internal static class LoadLine
{
    private const string Size = " buffer size";
    private const string Layers = " layers to GPU";

    /// <summary>Reads <c>... DEVICE KIND buffer size = NUMBER MiB</c>.</summary>
    /// <param name="line">The line.</param>
    /// <returns>Null when it is none. Devices of other machines carry their server's address, <c>RPC0[10.0.0.2:50052]</c>, which is left out.</returns>
    public static (string Device, string Kind, double MiB)? ReadBuffer(ReadOnlySpan<char> line)
    {
        int at = line.IndexOf(Size, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<char> before = line[..at];
        int kind = WordStart(before, withDots: false);
        ReadOnlySpan<char> device = before[..kind].TrimEnd();
        if (kind == at || device.Length == kind)
        {
            return null;
        }

        if (device[^1] == ']' && device.LastIndexOf('[') is >= 0 and var bracket)
        {
            device = device[..bracket];
        }

        int start = WordStart(device, withDots: true);
        while (start < device.Length && !char.IsAsciiLetter(device[start]))
        {
            start++;
        }

        ReadOnlySpan<char> value = line[(at + Size.Length)..].TrimStart();
        if (start == device.Length || value is not ['=', ..])
        {
            return null;
        }

        value = value[1..].TrimStart();
        int end = value.IndexOf(" MiB", StringComparison.Ordinal);
        return end > 0 && double.TryParse(value[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double mib)
            ? (device[start..].ToString(), before[kind..].ToString(), mib)
            : null;
    }

    /// <summary>Reads <c>offloaded SOME/ALL layers to GPU</c>.</summary>
    /// <returns>Null when the line is none.</returns>
    public static (int Some, int All)? ReadLayers(ReadOnlySpan<char> line)
    {
        const string Verb = "offloaded ";
        int at = line.IndexOf(Verb, StringComparison.Ordinal);
        int end = line.IndexOf(Layers, StringComparison.Ordinal);
        if (at < 0 || end < at + Verb.Length)
        {
            return null;
        }

        ReadOnlySpan<char> share = line[(at + Verb.Length)..end];
        int slash = share.IndexOf('/');
        return slash > 0
            && int.TryParse(share[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out int some)
            && int.TryParse(share[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int all)
            ? (some, all)
            : null;
    }

    private static int WordStart(ReadOnlySpan<char> text, bool withDots)
    {
        int start = text.Length;
        while (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_' || (withDots && text[start - 1] == '.')))
        {
            start--;
        }

        return start;
    }
}
