using System.Globalization;

namespace LlmOps.StandIns.Vllm;

/// <summary>What <c>vllm serve</c> was told.</summary>
/// <param name="Model">The model.</param>
/// <param name="Values">Values by the first long name of each flag, without dashes; <c>true</c> and <c>false</c> for switches.</param>
internal sealed record CommandLine(string Model, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>What vLLM serves when no model is named.</summary>
    public const string DefaultModel = "Qwen/Qwen3-0.6B";

    private static readonly string[] s_whole =
        ["port", "tensor-parallel-size", "pipeline-parallel-size", "max-num-seqs", "max-num-batched-tokens", "block-size", "nnodes", "node-rank", "master-port", "data-parallel-size"];

    private static readonly string[] s_several = ["served-model-name", "cudagraph-capture-sizes", "middleware"];

    private static readonly string[] s_decimal = ["gpu-memory-utilization", "cpu-offload-gb", "swap-space"];

    /// <summary>Reads the words after <c>serve</c>.</summary>
    /// <exception cref="UsageException">argparse would refuse them.</exception>
    public static CommandLine Parse(IReadOnlyList<string> words, FlagTable flags)
    {
        string? model = null;
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        List<string> unknown = [];
        for (int index = 0; index < words.Count; index++)
        {
            string word = words[index];
            if (!word.StartsWith('-'))
            {
                if (model is null && index == 0)
                {
                    model = word;
                }
                else
                {
                    unknown.Add(word);
                }

                continue;
            }

            string[] parts = word.Split('=', 2);
            string name = parts[0].Split('.')[0].TrimEnd('+');
            if (flags.Find(name) is not { } flag)
            {
                unknown.Add(word);
                continue;
            }

            if (!flag.TakesValue)
            {
                if (parts.Length > 1)
                {
                    throw Refuse(flag, $"ignored explicit argument '{parts[1]}'");
                }

                values[flag.Name[2..]] = flag.IsOff ? "false" : "true";
                continue;
            }

            string? value = parts.Length > 1 ? parts[1] : index + 1 < words.Count && IsValue(words[index + 1]) ? words[++index] : null;
            values[flag.Name[2..]] = Check(flag, value ?? throw Refuse(flag, "expected one argument"));
            while (s_several.Contains(flag.Name[2..]) && index + 1 < words.Count && IsValue(words[index + 1]))
            {
                index++; // Further names; the first is the one that clients are told.
            }
        }

        return unknown.Count > 0
            ? throw new UsageException("vllm", $"unrecognized arguments: {string.Join(' ', unknown)}")
            : new CommandLine(model ?? values.GetValueOrDefault("model") ?? DefaultModel, values);
    }

    /// <summary>A value; null when it was not given.</summary>
    public string? this[string flag] => Values.GetValueOrDefault(flag);

    /// <summary>A whole number.</summary>
    public int Number(string flag, int otherwise) => this[flag] is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>A switch.</summary>
    public bool IsOn(string flag, bool otherwise = false) => this[flag] is { } text ? text == "true" : otherwise;

    // A negative number is a value; another word with a dash is the next flag.
    private static bool IsValue(string word) => !word.StartsWith('-') || (word.Length > 1 && char.IsAsciiDigit(word[1]));

    private static string Check(FlagTable.Row flag, string value)
    {
        string name = flag.Name[2..];
        if (s_whole.Contains(name) && !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            throw Refuse(flag, $"invalid int value: '{value}'");
        }

        if (s_decimal.Contains(name) && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        {
            throw Refuse(flag, $"invalid float value: '{value}'");
        }

        return flag.Choices.Count > 0 && name is "dtype" or "mamba-cache-mode" or "load-format" && !flag.Choices.Contains(value)
            ? throw Refuse(flag, $"invalid choice: '{value}' (choose from {string.Join(", ", flag.Choices)})")
            : value;
    }

    private static UsageException Refuse(FlagTable.Row flag, string problem) => new("vllm serve", $"argument {string.Join('/', flag.Names)}: {problem}");
}
