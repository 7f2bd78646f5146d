namespace LlmOps.Hardware.Machine;

/// <summary>What /proc/cpuinfo says.</summary>
internal sealed record CpuTable
{
    // Spelt as the kernel spells them; those that ggml and vLLM choose code by.
    private static readonly HashSet<string> Wanted = new(StringComparer.Ordinal)
    {
        "sse3", "pni", "ssse3", "sse4_1", "sse4_2", "avx", "avx2", "avx_vnni", "bmi2", "f16c", "fma", "avx512f", "avx512bw", "avx512cd",
        "avx512dq", "avx512vl", "avx512vbmi", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16",
        "asimd", "asimddp", "asimdhp", "fphp", "i8mm", "bf16", "sve", "sve2", "svei8mm", "svebf16", "sme",
    };

    public string? Model { get; private init; }

    /// <summary>How many processors it lists.</summary>
    public int Processors { get; private init; }

    /// <summary>Null where the table does not say (ARM, some virtual machines).</summary>
    public int? Sockets { get; private init; }

    /// <summary>Null where the table does not say.</summary>
    public int? PhysicalCores { get; private init; }

    public IReadOnlyList<string> InstructionSets { get; private init; } = [];

    /// <summary>Whether the processor is one that a hypervisor presents.</summary>
    public bool IsVirtual { get; private init; }

    /// <summary>Reads the table: one block of <c>name : value</c> lines for each processor.</summary>
    public static CpuTable Parse(string text)
    {
        string? model = null;
        string? flags = null;
        string socket = "0";
        int processors = 0;
        HashSet<string> sockets = [];
        HashSet<string> cores = [];
        foreach (ReadOnlySpan<char> line in new TextLines(text))
        {
            int colon = line.IndexOf(':');
            if (colon < 0)
            {
                continue;
            }

            ReadOnlySpan<char> value = line[(colon + 1)..].Trim();
            switch (line[..colon].TrimEnd())
            {
                case "processor":
                    processors++;
                    socket = "0";
                    break;
                case "physical id":
                    socket = value.ToString();
                    break;
                case "core id":
                    sockets.Add(socket);
                    cores.Add(string.Concat(socket, ":", value));
                    break;
                case "model name":
                    model ??= value.ToString();
                    break;
                case "flags" or "Features":
                    flags ??= value.ToString();
                    break;
                default:
                    break;
            }
        }

        string[] words = (flags ?? string.Empty).Split(' ');
        return new CpuTable
        {
            Model = string.IsNullOrEmpty(model) ? null : model,
            Processors = processors,
            Sockets = sockets.Count == 0 ? null : sockets.Count,
            PhysicalCores = cores.Count == 0 ? null : cores.Count,
            IsVirtual = IsListed(words, "hypervisor"),
            InstructionSets = Known(words),
        };
    }

    private static bool IsListed(string[] words, string wanted)
    {
        foreach (string word in words)
        {
            if (word == wanted)
            {
                return true;
            }
        }

        return false;
    }

    private static string[] Known(string[] words)
    {
        List<string> known = [];
        foreach (string word in words)
        {
            if (Wanted.Contains(word))
            {
                known.Add(word == "pni" ? "sse3" : word);
            }
        }

        known.Sort(SystemFiles.CompareLetters);
        return [.. known];
    }
}
