using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Hardware;

namespace LlmOps.Commands;

/// <summary>Takes a snapshot of this machine's GPUs and what is around them, or reads a saved one.</summary>
[Cmdlet(VerbsCommon.Get, "GpuTopology", DefaultParameterSetName = CaptureSet)]
[OutputType(typeof(GpuTopology))]
public sealed class GetGpuTopologyCommand : LlmOpsCommand
{
    private const string CaptureSet = "Capture";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Keep only the GPUs with these indexes.</summary>
    [Parameter(HelpMessage = "Keep only the GPUs with these indexes.")]
    [ValidateRange(0, 1023)]
    public int[] Index { get; set; } = [];

    /// <summary>Keep only GPUs with these product names; wildcards.</summary>
    [Parameter(HelpMessage = "Keep only GPUs with these product names, with wildcards.")]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Keep only GPUs with at least this much memory, in bytes.</summary>
    [Parameter(HelpMessage = "Keep only GPUs with at least this much memory in bytes, for example 24GB.")]
    public long? MinimumMemory { get; set; }

    /// <summary>Keep only GPUs of at least this CUDA compute capability.</summary>
    [Parameter(HelpMessage = "Keep only GPUs of at least this CUDA compute capability, for example 8.0.")]
    public string? ComputeCapability { get; set; }

    /// <summary>Which probe to ask; Auto asks those that apply.</summary>
    [Parameter(ParameterSetName = CaptureSet, HelpMessage = "Which probe to ask; Auto asks those that apply.")]
    public TopologySource Source { get; set; } = TopologySource.Auto;

    /// <summary>A saved topology; wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "A saved topology (JSON), with wildcards.")]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>A saved topology, by its literal path.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true, HelpMessage = "A saved topology (JSON), by its literal path.")]
    [Alias("PSPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        if (ParameterSetName == CaptureSet)
        {
            Write(ThisMachine.Capture(this, Source));
            return;
        }

        bool literal = ParameterSetName == LiteralPathSet;
        Each(literal ? LiteralPath : Path, path => FilePaths.Existing(this, path, literal), file => Write(TopologyFile.Read(file)));
    }

    private void Write(GpuTopology topology)
    {
        GpuTopology kept = new GpuFilter
        {
            Indexes = Index,
            NamePatterns = Name,
            MinimumMemoryBytes = MinimumMemory,
            MinimumComputeCapability = ComputeCapability,
        }.Apply(topology);
        foreach (string note in kept.Notes)
        {
            WriteVerbose(note);
        }

        WriteObject(TopologyOrigin.Remember(kept, topology));
    }
}
