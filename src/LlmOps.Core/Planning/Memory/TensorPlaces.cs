using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Planning.Memory;

/// <summary>Where single tensors go that do not stay with their layer: overrides by name, and experts kept on the host.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-model-loader.cpp</c> (create_tensor) and <c>common/common.h</c> (LLM_FFN_EXPS_REGEX).</remarks>
internal sealed class TensorPlaces
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private static readonly ConcurrentDictionary<string, Regex> s_patterns = new(StringComparer.Ordinal);

    private readonly (Regex Pattern, int Place)[] _overrides;
    private readonly int _cpuMoeLayers;
    private readonly int _host;

    /// <exception cref="LlmOpsException">A pattern is no regular expression, or names a device that the placement does not have.</exception>
    public TensorPlaces(Placement placement)
    {
        _host = placement.Devices.Count;
        _cpuMoeLayers = placement.CpuMoeLayers;
        _overrides = [.. placement.Overrides.Select(item => (Compile(item.Pattern), PlaceOf(item.Place, placement.Devices)))];
    }

    /// <summary>Whether every tensor stays with its layer.</summary>
    public bool IsEmpty => _overrides.Length == 0 && _cpuMoeLayers == 0;

    /// <summary>Whether tensors are placed by their names, not only experts by their layer.</summary>
    public bool HasOverrides => _overrides.Length > 0;

    /// <summary>The place of a tensor (devices by number, then the host); null where it stays with its layer.</summary>
    /// <param name="layer">Layer number; negative for a tensor outside the layers.</param>
    /// <param name="name">Name within the layer, or the whole name outside of them.</param>
    public int? Find(int layer, string name)
    {
        if (_overrides.Length > 0)
        {
            string full = layer < 0 ? name : string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}");
            foreach ((Regex pattern, int place) in _overrides)
            {
                if (pattern.IsMatch(full))
                {
                    return place;
                }
            }
        }

        return layer >= 0 && layer < _cpuMoeLayers && IsExpert(name) ? _host : null;
    }

    private static bool IsExpert(string name) =>
        name.StartsWith("ffn_", StringComparison.Ordinal) && (name.Contains("_exps.", StringComparison.Ordinal) || name.Contains("_chexps.", StringComparison.Ordinal));

    private static Regex Compile(string pattern)
    {
        try
        {
            return s_patterns.GetOrAdd(pattern, static text => new Regex(text, RegexOptions.CultureInvariant, s_patience));
        }
        catch (ArgumentException error)
        {
            throw new LlmOpsException($"override-tensor: '{pattern}' is no regular expression ({error.Message}); correct the pattern", "PinInvalid", error);
        }
    }

    private static int PlaceOf(string name, IReadOnlyList<PlanDevice> devices)
    {
        for (int at = 0; at < devices.Count; at++)
        {
            if (devices[at].Name == name)
            {
                return at;
            }
        }

        return name == "CPU" || name.EndsWith("_Host", StringComparison.Ordinal) ? devices.Count
            : throw new LlmOpsException($"override-tensor: there is no device {name}; use CPU{string.Concat(devices.Select(device => ", " + device.Name))}", "DeviceNotFound") { Kind = ErrorKind.NotFound };
    }
}
