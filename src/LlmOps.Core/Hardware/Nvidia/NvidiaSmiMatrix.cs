using System.Globalization;
using System.Text;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Reads the table that <c>nvidia-smi topo -m</c> prints: a row for each device, a cell for each pair.</summary>
internal static class NvidiaSmiMatrix
{
    /// <summary>What the table says of each pair of GPUs, the lower index first. Empty when the text is no such table.</summary>
    public static IReadOnlyDictionary<(int A, int B), string> Parse(string text)
    {
        Dictionary<(int A, int B), string> cells = [];
        int[]? columns = null;
        foreach (string line in WithoutColours(text).Split('\n'))
        {
            string[] words = line.Split('\t', StringSplitOptions.TrimEntries);
            if (columns is null)
            {
                // The head starts with an empty cell, which trimming may have taken from the text before it got here.
                string[] named = Array.FindAll(words, word => word.Length > 0);
                columns = named.Length > 0 && Number(named[0]) == 0 ? Array.ConvertAll(named, Number) : null;
            }
            else if (Number(words[0]) is var row and >= 0)
            {
                for (int column = 0; column < columns.Length && column + 1 < words.Length; column++)
                {
                    if (columns[column] > row && words[column + 1].Length > 0)
                    {
                        cells[(row, columns[column])] = words[column + 1];
                    }
                }
            }
        }

        return cells;
    }

    /// <summary>The links with the table's word where it has one.</summary>
    public static IReadOnlyList<GpuLink> AddTo(IReadOnlyList<GpuLink> links, IReadOnlyDictionary<(int A, int B), string> cells)
    {
        GpuLink[] told = [.. links];
        for (int position = 0; position < told.Length; position++)
        {
            GpuLink link = told[position];
            if (cells.TryGetValue((link.A, link.B), out string? cell))
            {
                // NV4 counts the links. Their speed is not in the table, and the PCIe one would be wrong.
                int nvlinks = cell.StartsWith("NV", StringComparison.Ordinal)
                    && int.TryParse(cell.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0;
                told[position] = nvlinks > 0
                    ? link with { Kind = GpuLinkKind.NVLink, Nvlinks = nvlinks, BytesPerSecond = null }
                    : link with { Kind = Kind(cell) ?? link.Kind };
            }
        }

        return told;
    }

    private static GpuLinkKind? Kind(string cell) => cell switch
    {
        "PIX" => GpuLinkKind.PIX,
        "PXB" => GpuLinkKind.PXB,
        "PHB" => GpuLinkKind.PHB,
        "NODE" => GpuLinkKind.NODE,
        "SYS" or "SOC" => GpuLinkKind.SYS,
        _ => null,
    };

    /// <summary>The number of <c>GPU3</c>; -1 for other columns.</summary>
    private static int Number(string word) =>
        word.StartsWith("GPU", StringComparison.Ordinal) && int.TryParse(word.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;

    /// <summary>The head is underlined on every kind of output: ESC [ 4 m … ESC [ 0 m.</summary>
    private static string WithoutColours(string text)
    {
        StringBuilder plain = new(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == '\u001b')
            {
                while (at < text.Length && !char.IsAsciiLetter(text[at]))
                {
                    at++;
                }
            }
            else if (text[at] != '\r')
            {
                plain.Append(text[at]);
            }
        }

        return plain.ToString();
    }
}
