using System.Globalization;
using System.Text;

namespace LlmOps.Hardware;

/// <summary>Shows how GPUs reach each other as a table like that of <c>nvidia-smi topo -m</c>, for people.</summary>
public static class TopologyMatrix
{
    private static readonly (string Mark, string Meaning)[] Legend =
    [
        ("NV#", "NVLink, with the number of links"),
        ("XGMI", "AMD Infinity Fabric"),
        ("PIX", "at most one PCIe bridge"),
        ("PXB", "several PCIe bridges, no host bridge"),
        ("PHB", "a PCIe host bridge"),
        ("NODE", "host bridges of one NUMA node"),
        ("SYS", "between NUMA nodes"),
        ("*", "they cannot reach each other's memory"),
    ];

    /// <summary>The table with a legend of the marks that it uses; empty for a machine without GPUs.</summary>
    public static string ToText(GpuTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        if (topology.Gpus.Count == 0)
        {
            return string.Empty;
        }

        List<string[]> rows = [[string.Empty, .. topology.Gpus.Select(Label), "NUMA", "CPUs"]];
        foreach (GpuDevice gpu in topology.Gpus)
        {
            string? processors = topology.Host.NumaNodes.FirstOrDefault(node => node.Node == (gpu.NumaNode ?? 0))?.Cpus;
            rows.Add([Label(gpu), .. topology.Gpus.Select(other => Cell(topology, gpu, other)), Number(gpu.NumaNode), processors ?? "-"]);
        }

        StringBuilder text = new();
        AppendTable(text, rows);
        foreach ((string mark, string meaning) in Legend)
        {
            if (rows.Skip(1).Any(row => row.Skip(1).Take(topology.Gpus.Count).Any(cell => IsMarked(cell, mark))))
            {
                text.Append(CultureInfo.InvariantCulture, $"  {mark,-6}{meaning}\n");
            }
        }

        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, List<string[]> rows)
    {
        foreach (string[] row in rows)
        {
            StringBuilder line = new();
            for (int column = 0; column < row.Length; column++)
            {
                line.Append(row[column].PadRight(rows.Max(other => other[column].Length) + 2));
            }

            text.Append(line.ToString().TrimEnd()).Append('\n');
        }

        text.Append('\n');
    }

    private static bool IsMarked(string cell, string mark) => mark switch
    {
        "NV#" => cell.StartsWith("NV", StringComparison.Ordinal),
        "*" => cell.EndsWith('*'),
        _ => cell.TrimEnd('*') == mark,
    };

    private static string Cell(GpuTopology topology, GpuDevice gpu, GpuDevice other)
    {
        if (gpu.Index == other.Index)
        {
            return "X";
        }

        (int a, int b) = (Math.Min(gpu.Index, other.Index), Math.Max(gpu.Index, other.Index));
        GpuLink? link = topology.Links.FirstOrDefault(link => Math.Min(link.A, link.B) == a && Math.Max(link.A, link.B) == b);
        string mark = link switch
        {
            null or { Kind: GpuLinkKind.Unknown } => "?",
            { Nvlinks: > 0 } => "NV" + Number(link.Nvlinks),
            _ => GpuLinkKindConverter.Name(link.Kind),
        };
        return link?.PeerAccess == false ? mark + "*" : mark;
    }

    private static string Label(GpuDevice gpu) => "GPU" + Number(gpu.Index);

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
