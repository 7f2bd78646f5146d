using System.Globalization;
using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Asks llama.cpp itself how much memory a launch will take: <c>llama-fit-params --fit-print on</c>, which loads nothing.</summary>
/// <param name="timeout">How long it may take.</param>
public sealed class FitEstimator(TimeSpan timeout)
{
    private const string ProgramName = "llama-fit-params";

    // What it knows of a server's flags; everything else does not change memory.
    private static readonly EngineOption[] s_options =
    [
        LlamaCppOptions.GpuLayers, LlamaCppOptions.SplitMode, LlamaCppOptions.TensorSplit, LlamaCppOptions.MainGpu, LlamaCppOptions.CpuMoeLayers, LlamaCppOptions.CpuMoe, LlamaCppOptions.OverrideTensor,
        LlamaCppOptions.KvOffload, LlamaCppOptions.ContextLength, LlamaCppOptions.Parallel, LlamaCppOptions.KvCacheTypeK, LlamaCppOptions.KvCacheTypeV, LlamaCppOptions.FullWindow,
        LlamaCppOptions.FlashAttention, LlamaCppOptions.BatchSize, LlamaCppOptions.UbatchSize,
    ];

    /// <summary>The estimator of an engine, beside its binary; null when there is none.</summary>
    public static string? Beside(EngineCapabilities engine)
    {
        string path = Path.Join(Path.GetDirectoryName(engine.Path), OperatingSystem.IsWindows() ? ProgramName + ".exe" : ProgramName);
        return File.Exists(path) ? path : null;
    }

    /// <summary>Runs it.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="engine">The binary that will run; it decides how options are spelled.</param>
    /// <param name="model">The model file.</param>
    /// <param name="devices">The engine's names of the devices.</param>
    /// <param name="options">The options of the launch.</param>
    /// <param name="environment">Variables of the launch.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Its figures, or why there are none.</returns>
    public async Task<FitEstimate> EstimateAsync(
        string program, EngineCapabilities engine, string model, IReadOnlyList<string> devices, OptionSet options, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        OptionSet known = OptionSet.Empty;
        foreach (EngineOption option in s_options)
        {
            known = options[option.Name] is { } value ? known.With(option.Name, value) : known;
        }

        string[] arguments = ["--model", model, "--fit-print", "on", "--device", devices.Count == 0 ? "none" : string.Join(',', devices), .. LlamaCppCommandLine.Render(known, engine)];
        try
        {
            ProcessRequest request = new(program, arguments) { Timeout = timeout, Environment = environment.ToDictionary(item => item.Key, item => (string?)item.Value) };
            ProcessResult result = await ProcessRunner.RunAsync(request, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<FitRow> rows = Parse(result.StandardOutput);
            return result.ExitCode == 0 && rows.Count > 0 ? new FitEstimate(rows, null)
                : new FitEstimate([], $"{ProgramName} ended with {result.ExitCode}: {LastLine(result.StandardError)}");
        }
        catch (Exception problem) when (problem is TimeoutException or ProcessStartException)
        {
            return new FitEstimate([], problem.Message);
        }
    }

    /// <summary>Reads lines of the form <c>Vulkan0 1970 306 208</c>: device, then MiB of weights, context and computation.</summary>
    public static IReadOnlyList<FitRow> Parse(string text)
    {
        List<FitRow> rows = [];
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 4 && Size(words[1]) is { } weights && Size(words[2]) is { } context && Size(words[3]) is { } compute)
            {
                rows.Add(new FitRow(words[0], weights, context, compute));
            }
        }

        return rows;
    }

    private static long? Size(string word) => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long mebibytes) ? mebibytes * Bytes.MiB : null;

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "it said nothing";
}

/// <summary>What the engine's own estimator said.</summary>
/// <param name="Rows">Its figures; empty when there are none.</param>
/// <param name="Failure">Why there are none; null when there are.</param>
public sealed record FitEstimate(IReadOnlyList<FitRow> Rows, string? Failure);

/// <summary>The engine's figures for one device, or for <c>Host</c>, in bytes, rounded down to whole MiB.</summary>
/// <param name="Device">The engine's name.</param>
/// <param name="WeightsBytes">Weights.</param>
/// <param name="ContextBytes">KV cache and recurrent states.</param>
/// <param name="ComputeBytes">Scratch memory.</param>
public sealed record FitRow(string Device, long WeightsBytes, long ContextBytes, long ComputeBytes);
