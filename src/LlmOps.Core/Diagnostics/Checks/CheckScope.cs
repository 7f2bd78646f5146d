using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What the checks of one run look at, and what several of them need worked out, once.</summary>
internal sealed class CheckScope
{
    private readonly Lazy<PythonStack?> _stack;

    /// <summary>Makes the scope of <paramref name="context"/>.</summary>
    public CheckScope(CheckContext context)
    {
        Context = context;
        Files = context.SystemRoot is { } root ? new SystemFiles(root) : null;
        Remedies = new RemedyText(Distribution.Read(Files, context.Topology.Host), context.Topology.Host.IsWsl, context.Topology.Host.Kernel);
        Tools = new CheckTools(context.PathVariable);
        Cards = CardsOf(context);
        _stack = new Lazy<PythonStack?>(() => Python is { } python && Directory.Exists(python.Folder) ? new PythonStack(python) : null);
    }

    /// <summary>What was asked about.</summary>
    public CheckContext Context { get; }

    /// <summary>The machine.</summary>
    public GpuTopology Topology => Context.Topology;

    /// <summary>The host.</summary>
    public HostInfo Host => Context.Topology.Host;

    /// <summary>The configuration; null when none was given.</summary>
    public ServerConfig? Config => Context.Config;

    /// <summary>The model; null when none was named or it cannot be read.</summary>
    public ModelDescription? Model => Context.Model;

    /// <summary>Why there is no <see cref="Model"/>, for checks that have nothing to look at.</summary>
    public string NoModel => Context.ModelProblem is not null ? "the model cannot be read"
        : Config?.Model is not null ? "the model is not here, and of that machine only its topology is known"
        : "no model was named";

    /// <summary>The engine; null when there is none.</summary>
    public EngineCapabilities? Engine => Context.Engine;

    /// <summary>The machine's files; null for a machine of which only the topology is known.</summary>
    public SystemFiles? Files { get; }

    /// <summary>Its programs.</summary>
    public CheckTools Tools { get; }

    /// <summary>Remedies for its distribution.</summary>
    public RemedyText Remedies { get; }

    /// <summary>The GPUs that the configuration uses; without one, all but software.</summary>
    public IReadOnlyList<GpuDevice> Cards { get; }

    /// <summary>Those of them that are NVIDIA's.</summary>
    public IReadOnlyList<GpuDevice> NvidiaCards => [.. Cards.Where(card => card.Vendor == GpuVendor.Nvidia)];

    /// <summary>Whether vLLM is what runs.</summary>
    public bool IsVllm => (Config?.Engine ?? Engine?.Engine) == EngineNames.Vllm;

    /// <summary>Whether it runs in a container of its own.</summary>
    public bool IsInContainer => Config?.Runtime == RuntimeNames.Docker;

    /// <summary>The Python environment of vLLM: the engine's, else one that was found beside another engine.</summary>
    public PythonEnvironment? Python => Context.Engine?.Python ?? Context.Python;

    /// <summary>All that is installed in that environment; null without one.</summary>
    public PythonStack? Stack => _stack.Value;

    /// <summary>GPUs that compute one answer together by exchanging what each step yields; 1 where layers are merely passed on.</summary>
    public int Ranks => (int)Math.Max(1, Config is null || Config.Engine != EngineNames.Vllm ? 1 : Config.Options.Get(VllmOptions.TensorParallel));

    /// <summary>A variable as the engine will see it: the configuration's, else the environment's.</summary>
    public string? Variable(string name) => Config?.Environment.GetValueOrDefault(name) ?? Context.GetEnvironmentVariable(name);

    /// <summary>The compute capability of <paramref name="card"/>; 0 when it is not known.</summary>
    public static double CapabilityOf(GpuDevice card) =>
        double.TryParse(card.ComputeCapability, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out double capability) ? capability : 0;

    /// <summary>How a card is named in messages.</summary>
    public static string NameOf(GpuDevice card) => $"GPU {card.Index} ({card.Name})";

    private static IReadOnlyList<GpuDevice> CardsOf(CheckContext context)
    {
        IReadOnlyList<GpuDevice> all = context.Topology.Gpus;
        if (context.Config is { Devices.Count: > 0 } config)
        {
            GpuDevice[] used = [.. all.Where(gpu => config.Devices.Any(device => device.Uuid is { } uuid ? gpu.Uuid == uuid : device.Index == gpu.Index))];
            if (used.Length > 0)
            {
                return used;
            }
        }

        return [.. all.Where(gpu => gpu.Vendor != GpuVendor.Software)];
    }
}
