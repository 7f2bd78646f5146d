using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.Vllm.Reading;

/// <summary>Tells by the frame of vLLM's lines on which GPU the process that wrote them works.</summary>
/// <remarks>
/// <c>(Worker_TP1 pid=57) INFO …</c>, <c>(Worker_PP1_TP0 pid=58)</c>, <c>(VllmWorker rank=1 pid=57)</c> until 0.10.0; with one GPU the engine's own process,
/// <c>(EngineCore pid=7)</c>, works on it. What a worker says of its own <c>local_rank</c> counts more than its name.
/// </remarks>
internal sealed partial class VllmRanks
{
    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);

    /// <summary>GPUs together; 1 until the log says more.</summary>
    public int WorldSize { get; private set; } = 1;

    /// <summary>Whether different GPUs hold different layers, so that they do not hold the same.</summary>
    public bool HasStages { get; private set; }

    /// <summary>The place of the GPU, from 0.</summary>
    public int Of(string line)
    {
        Match frame = Frame().Match(line);
        string name = frame.Groups["name"].Value;
        HasStages |= name.Contains("_PP", StringComparison.Ordinal);
        if (line.Contains("world_size=", StringComparison.Ordinal) && World().Match(line) is { Success: true } world)
        {
            WorldSize = Math.Max(WorldSize, Number(world, "size"));
            _byName[name] = Number(world, "local");
        }

        return _byName.TryGetValue(name, out int known) ? known
            : frame.Groups["tensor"].Success ? Number(frame, "tensor")
            : frame.Groups["rank"].Success ? Number(frame, "rank")
            : 0;
    }

    private static int Number(Match match, string group) =>
        int.TryParse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    // Each part of a name is taken once and never tried in another way: what begins like a frame and is none must not take for ever.
    [GeneratedRegex(@"^\((?<name>[A-Za-z]+(?>(_PP\d+|_TP(?<tensor>\d+)|_[^\W_]+)*)( rank=(?<rank>\d+))?) pid=\d+\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Frame();

    [GeneratedRegex(@"world_size=(?<size>\d+) rank=\d+ local_rank=(?<local>\d+)", RegexOptions.ExplicitCapture)]
    private static partial Regex World();
}
