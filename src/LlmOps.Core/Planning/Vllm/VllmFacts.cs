using System.Globalization;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>What the rules of one plan look at.</summary>
internal sealed record VllmFacts
{
    // The last version that serves eight-bit keys and values to cards below 8.0 is 0.23 (FlashInfer's floor rose in 0.24, PR 45375); 0.21 is what is known to run on them.

    /// <summary>What was asked for.</summary>
    public required PlanRequest Request { get; init; }

    /// <summary>What is fixed.</summary>
    public required Pins Pins { get; init; }

    /// <summary>The version planned for.</summary>
    public required VllmVersion Version { get; init; }

    /// <summary>Why that version.</summary>
    public required string VersionReason { get; init; }

    /// <summary>The flags that it takes.</summary>
    public required EngineCapabilities Engine { get; init; }

    /// <summary>The cards that may serve together, in the machine's order.</summary>
    public required IReadOnlyList<GpuDevice> Cards { get; init; }

    /// <summary>Machines that serve together, each with as many of such cards.</summary>
    public int Hosts { get; init; } = 1;

    /// <summary>The model.</summary>
    public ModelDescription Model => Request.Model;

    /// <summary>The machine.</summary>
    public HostInfo Host => Request.Topology.Host;

    /// <summary>The lowest compute capability of the cards, as 7.5; 0 where it is not known.</summary>
    public double Capability => Cards.Count == 0 ? 0 : Cards.Min(CapabilityOf);

    /// <summary>The card of that compute capability.</summary>
    public GpuDevice Weakest => Cards.MinBy(CapabilityOf)!;

    /// <summary>Whether the plugin's launcher takes the place of <c>vllm serve</c>.</summary>
    public bool UsesPlugin => VllmLaunchers.OfPlugin(LauncherPath ?? "") is not null;

    /// <summary>The program that will be started; null for <c>vllm</c> on PATH.</summary>
    public string? LauncherPath { get; init; }

    /// <summary>Whether <paramref name="option"/> is fixed.</summary>
    public bool Pinned(EngineOption option) => Pins.Options.Contains(option.Name);

    /// <summary>The number that is fixed; null when it is open.</summary>
    public long? Number(NumberOption option) => Pins.Options[option.Name] as long?;

    /// <summary>The word that is fixed; null when it is open.</summary>
    public string? Text(EngineOption option) => Pins.Options[option.Name] as string;

    /// <summary>What the switch is fixed to; null when it is open.</summary>
    public bool? Switch(SwitchOption option) => Pins.Options[option.Name] as bool?;

    /// <summary>The number that is fixed; null when it is open.</summary>
    public double? Decimal(DecimalOption option) => Pins.Options[option.Name] as double?;

    /// <summary>Whether the version has the option's flag, and the value among its choices.</summary>
    public bool Has(EngineOption option, object value) => option.Renderer.CanRender(option, value, Engine);

    /// <summary>The compute capability of <paramref name="gpu"/> as a number; 0 where it is not known.</summary>
    public static double CapabilityOf(GpuDevice gpu) => double.TryParse(gpu.ComputeCapability, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double capability) ? capability : 0;

    /// <summary>The facts of <paramref name="request"/> with the cards of one kind.</summary>
    /// <exception cref="LlmOpsException">A pin is impossible, the version is none, or the Python environment is broken.</exception>
    public static VllmFacts From(PlanRequest request) => From(request, VllmCards.Alike(request.Topology));

    /// <summary>The facts of <paramref name="request"/> with these cards.</summary>
    /// <exception cref="LlmOpsException">A pin is impossible, the version is none, or the Python environment is broken.</exception>
    public static VllmFacts From(PlanRequest request, IReadOnlyList<GpuDevice> cards)
    {
        if (request.Engine is { Problems: [string broken, ..] problems } damaged)
        {
            throw new LlmOpsException($"the Python environment {damaged.Python?.Folder ?? damaged.Path} is broken{(problems.Count > 1 ? $" in {problems.Count} ways, first" : "")}: {broken}", "PythonEnvironmentBroken") { Kind = ErrorKind.Finding };
        }

        double capability = cards.Count == 0 ? 0 : cards.Min(CapabilityOf);
        VllmVersion? tagged = request.Image is { } image ? VllmVersion.Parse(image.Split(':')[^1]) : null;
        VllmVersion? found = VllmVersion.Parse(request.Engine?.Version) ?? tagged;
        VllmVersion? asked = request.EngineVersion is null ? null
            : VllmVersion.Parse(request.EngineVersion) ?? throw new LlmOpsException($"'{request.EngineVersion}' is no version of vLLM; write it as 0.21.0", "EngineVersionInvalid");
        VllmVersion version = asked ?? found ?? (capability is >= 7 and < 7.5 ? VllmVersion.ForVolta : capability is >= 7.5 and < 8 ? VllmVersion.ForOldCards : VllmVersion.Newest);
        string reason = asked is not null ? "as asked"
            : found is not null && request.Engine is null ? $"what the image {request.Image} is tagged with"
            : found is not null ? $"what is installed in {request.Engine!.Python?.Folder ?? request.Engine.Path}"
            : request.Engine is not null ? "the version could not be read; the newest that is known here"
            : capability is >= 7 and < 7.5 ? $"no vLLM is at hand; the last whose builds are for CUDA 12, and so for {cards[0].Name}"
            : capability is >= 7.5 and < 8 ? $"no vLLM is at hand; the last one known to serve eight-bit keys and values on compute capability {cards.MinBy(CapabilityOf)!.ComputeCapability}, where 0.24 and later lost them"
            : "no vLLM is at hand; the newest whose flags are known here";
        EngineCapabilities engine = request.Engine is { } here && asked is null && here.Flags.Count > 0 ? here
            : new EngineCapabilities { Engine = VllmOptions.Table.Engine, Path = request.Engine?.Path ?? "vllm", Version = version.ToString(), Flags = VllmFlags.Of(version) };
        return new VllmFacts
        {
            Request = request,
            Pins = VllmPins.From(request, engine.Flags, version.ToString()),
            Version = version,
            VersionReason = reason,
            Engine = engine,
            Cards = cards,
            LauncherPath = Launcher(request, capability),
        };
    }

    // The plugin is for one architecture; where it is installed and the cards are of that, it is used unless vllm itself was named.
    private static string? Launcher(PlanRequest request, double capability)
    {
        if (request.Runtime == Configuration.RuntimeNames.Docker || request.Image is not null)
        {
            return request.Launcher is null or "auto" or "vllm" ? null
                : throw new LlmOpsException($"vLLM's own image has no {request.Launcher}; leave the launcher out, or use the runtime process", "LauncherNotSupported");
        }

        if (request.Launcher is "vllm")
        {
            return request.Engine?.Path is { } path && VllmLaunchers.OfPlugin(path) is null ? path : null;
        }

        if (request.Launcher is VllmLaunchers.Caovan)
        {
            return request.Engine?.Python?.Plugins.FirstOrDefault(plugin => plugin.Launcher is not null)?.Launcher ?? VllmLaunchers.Caovan;
        }

        if (request.Launcher is not (null or "auto"))
        {
            throw new LlmOpsException($"there is no launcher '{request.Launcher}'; use auto, vllm or {VllmLaunchers.Caovan}", "LauncherNotSupported");
        }

        VllmPlugin? plugin = capability is >= 7.5 and < 8 ? request.Engine?.Python?.Plugins.FirstOrDefault(known => known.Name == VllmLaunchers.CaovanPlugin && known.Launcher is not null) : null;
        return plugin?.Launcher ?? request.Engine?.Path;
    }

}
