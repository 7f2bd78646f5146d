using System.Management.Automation;
using System.Runtime.CompilerServices;
using LlmOps.Binding;
using LlmOps.Hardware;

namespace LlmOps.Commands;

/// <summary>Takes a snapshot of this machine's GPUs and what is around them, or reads a saved one.</summary>
[Cmdlet(VerbsCommon.Get, "GpuTopology", DefaultParameterSetName = CaptureSet)]
[OutputType(typeof(GpuTopology), ParameterSetName = new[] { CaptureSet, PathSet, LiteralPathSet })]
[OutputType(typeof(GpuSample), ParameterSetName = new[] { WatchSet })]
public sealed class GetGpuTopologyCommand : LlmOpsCommand
{
    private const string CaptureSet = "Capture";
    private const string WatchSet = "Watch";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Keep only the GPUs with these indexes.</summary>
    [Parameter(HelpMessage = "Keep only the GPUs with these indexes.")]
    [ValidateRange(0, 1023)]
    public int[] Index { get; set; } = [];

    /// <summary>Keep only GPUs with these product names; wildcards.</summary>
    [Parameter(HelpMessage = "Keep only GPUs with these product names, with wildcards.")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GpuNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Keep only GPUs with at least this much memory, in bytes.</summary>
    [Parameter(HelpMessage = "Keep only GPUs with at least this much memory in bytes, for example 24GB.")]
    [ByteSizeTransformation]
    public long? MinimumMemory { get; set; }

    /// <summary>Keep only GPUs of at least this CUDA compute capability.</summary>
    [Parameter(HelpMessage = "Keep only GPUs of at least this CUDA compute capability, for example 8.0.")]
    [ArgumentCompleter(typeof(ComputeCapabilityCompleter))]
    public string? ComputeCapability { get; set; }

    /// <summary>Which probe to ask; Auto asks those that apply.</summary>
    [Parameter(ParameterSetName = CaptureSet, HelpMessage = "Which probe to ask; Auto asks those that apply.")]
    public TopologySource Source { get; set; } = TopologySource.Auto;

    /// <summary>Keep only what CUDA_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES and their like let programs see.</summary>
    [Parameter(HelpMessage = "Keep only what CUDA_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES and their like let programs see.")]
    public SwitchParameter Visible { get; set; }

    /// <summary>Give samples of what the GPUs do, at a fixed rate until stopped.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WatchSet, HelpMessage = "Give samples of what the GPUs do, at a fixed rate until stopped.")]
    public SwitchParameter Watch { get; set; }

    /// <summary>Seconds from one sample to the next.</summary>
    [Parameter(ParameterSetName = WatchSet, HelpMessage = "Seconds from one sample to the next.")]
    [ValidateRange(0.02, 86400.0)]
    public double IntervalSec { get; set; } = 1;

    /// <summary>End after so many rounds.</summary>
    [Parameter(ParameterSetName = WatchSet, HelpMessage = "End after so many rounds.")]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = int.MaxValue;

    /// <summary>A saved topology; wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, ValueFromPipeline = true, HelpMessage = "A saved topology (JSON), with wildcards.")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>A saved topology, by its literal path.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true, HelpMessage = "A saved topology (JSON), by its literal path.")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        if (ParameterSetName == CaptureSet)
        {
            Write(ThisMachine.Capture(this, Source));
            return;
        }

        if (ParameterSetName == WatchSet)
        {
            Sample(Keep(ThisMachine.Capture(this, Source)));
            return;
        }

        bool literal = ParameterSetName == LiteralPathSet;
        Each(literal ? LiteralPath : Path, path => FilePaths.Existing(this, path, literal), file => Write(TopologyFile.Read(file)));
    }

    private void Write(GpuTopology topology)
    {
        GpuTopology kept = Keep(topology);
        foreach (string note in kept.Notes)
        {
            WriteVerbose(note);
        }

        WriteObject(TopologyOrigin.Remember(kept, topology));
    }

    private GpuTopology Keep(GpuTopology topology)
    {
        GpuTopology kept = new GpuFilter
        {
            Indexes = Index,
            NamePatterns = Name,
            MinimumMemoryBytes = MinimumMemory,
            MinimumComputeCapability = ComputeCapability,
        }.Apply(topology);
        return Visible ? VisibleDevices.Apply(kept) : kept;
    }

    private void Sample(GpuTopology topology)
    {
        using GpuSampler sampler = new(topology, new SurveyOptions());
        Stream(stop => Rounds(sampler, stop), round => WriteObject(round, enumerateCollection: true));
        WriteVerbose($"{sampler.Cost.Rounds} rounds took {sampler.Cost.Mean.TotalMilliseconds:0.0} ms each.");
    }

    private async IAsyncEnumerable<IReadOnlyList<GpuSample>> Rounds(GpuSampler sampler, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int left = Count;
        await foreach (IReadOnlyList<GpuSample> round in sampler.RunAsync(TimeSpan.FromSeconds(IntervalSec), cancellationToken).ConfigureAwait(false))
        {
            yield return round;
            if (--left == 0)
            {
                yield break;
            }
        }
    }
}
