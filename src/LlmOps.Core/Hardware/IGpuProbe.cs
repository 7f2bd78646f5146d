namespace LlmOps.Hardware;

/// <summary>One way to learn of GPUs. A probe answers what it can, notes what it could not, and never throws for what a machine is like.</summary>
internal interface IGpuProbe
{
    /// <summary>Looks for GPUs.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken);
}

/// <summary>What a probe may look at.</summary>
/// <param name="Files">The machine's files.</param>
/// <param name="Host">The machine around the GPUs.</param>
/// <param name="Options">The survey's options.</param>
internal sealed record ProbeContext(SystemFiles Files, HostInfo Host, SurveyOptions Options)
{
    /// <summary>Whether the user asked for this source by name, so that its absence is worth a note.</summary>
    public bool IsAskedFor => Options.Source != TopologySource.Auto;
}

/// <summary>What a probe found.</summary>
internal sealed record ProbeResult
{
    /// <summary>What <see cref="GpuTopology.Source"/> calls this probe.</summary>
    public required string Source { get; init; }

    /// <summary>Whether the probe's source answered at all. One that answered "no GPUs" is usable.</summary>
    public bool IsUsable { get; init; }

    /// <summary>The driver, where this probe speaks for one.</summary>
    public DriverInfo? Driver { get; init; }

    /// <summary>The GPUs, indexed by this probe alone.</summary>
    public IReadOnlyList<GpuDevice> Gpus { get; init; } = [];

    /// <summary>Links between them, by the same indexes.</summary>
    public IReadOnlyList<GpuLink> Links { get; init; } = [];

    /// <summary>What could not be told, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
