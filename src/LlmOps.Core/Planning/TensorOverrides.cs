using System.Text.RegularExpressions;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Tensors placed by name, as <c>--override-tensor PATTERN=BUFFER,...</c> does.</summary>
/// <remarks>A pattern is searched for in the tensor's name and the first that is found counts: llama.cpp <c>src/llama-model-loader.cpp</c>.</remarks>
internal sealed class TensorOverrides
{
    private readonly List<(Regex Pattern, string Buffer)> _rules = [];

    /// <summary>Reads the pin's value.</summary>
    /// <exception cref="LlmOpsException">It is no list of PATTERN=BUFFER, or a pattern is no regular expression.</exception>
    public static TensorOverrides Parse(string text)
    {
        TensorOverrides overrides = new();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.LastIndexOf('=');
            if (equals <= 0 || equals == part.Length - 1)
            {
                throw new LlmOpsException($"the pin override-tensor={text} is not possible; '{part}' is not of the form PATTERN=BUFFER, such as ffn_.*_exps=CPU", "PinInvalid");
            }

            try
            {
                overrides._rules.Add((new Regex(part[..equals], RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), part[(equals + 1)..]));
            }
            catch (Exception problem) when (problem is RegexParseException or NotSupportedException)
            {
                throw new LlmOpsException($"the pin override-tensor={text} is not possible; '{part[..equals]}' is no pattern: {problem.Message.ReplaceLineEndings(" ")}", "PinInvalid", problem);
            }
        }

        return overrides;
    }

    /// <summary>The rules in order.</summary>
    public IReadOnlyList<TensorOverride> Rules => [.. _rules.Select(rule => new TensorOverride(rule.Pattern.ToString(), rule.Buffer))];

    /// <summary>Bytes that the rules moved to main memory.</summary>
    public long MovedBytes { get; private set; }

    /// <summary>Buffers other than main memory that the rules name.</summary>
    public IEnumerable<string> OtherBuffers => _rules.Select(rule => rule.Buffer).Where(buffer => !IsHost(buffer)).Distinct();

    /// <summary>The model with the tensors that go to main memory counted there, for a bound that does not look at single tensors.</summary>
    public ModelDescription Apply(ModelDescription model)
    {
        WeightInventory weights = model.Weights;
        MovedBytes = 0;
        LayerWeights[] layers = [.. weights.Layers];
        for (int layer = 0; layer < layers.Length && layer < weights.LayerTensors.Count; layer++)
        {
            foreach (WeightTensor tensor in weights.LayerTensors[layer])
            {
                if (Matching($"blk.{layers[layer].Layer}.{tensor.Name}") is not { } buffer || !IsHost(buffer))
                {
                    continue;
                }

                MovedBytes += tensor.Bytes;
                layers[layer] = tensor.Name.Contains("_exps", StringComparison.Ordinal)
                    ? layers[layer] with { ExpertBytes = Math.Max(0, layers[layer].ExpertBytes - tensor.Bytes) }
                    : layers[layer] with { DenseBytes = Math.Max(0, layers[layer].DenseBytes - tensor.Bytes) };
            }
        }

        return model with { Weights = weights with { InputBytes = weights.InputBytes + MovedBytes, Layers = layers } };
    }

    private string? Matching(string name)
    {
        foreach ((Regex pattern, string buffer) in _rules)
        {
            if (pattern.IsMatch(name))
            {
                return buffer;
            }
        }

        return null;
    }

    /// <summary>Whether a place is main memory.</summary>
    public static bool IsHost(string buffer) => buffer.StartsWith("CPU", StringComparison.OrdinalIgnoreCase) || buffer.EndsWith("_Host", StringComparison.Ordinal);
}
