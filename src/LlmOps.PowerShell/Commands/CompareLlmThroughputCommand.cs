using System.Collections;
using System.Globalization;
using System.Management.Automation;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Reports;
using LlmOps.Binding;

namespace LlmOps.Commands;

/// <summary>Compares measurements with a baseline: each difference with its noise, never two bare means.</summary>
[Cmdlet(VerbsData.Compare, "LlmThroughput")]
[OutputType(typeof(ThroughputDifference))]
public sealed class CompareLlmThroughputCommand : LlmOpsCommand
{
    private readonly List<ThroughputResult> _results = [];

    /// <summary>The measurements now.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, HelpMessage = "The measurements now (Measure-LlmThroughput); several of the same load are runs of it.")]
    [ResultTransformation]
    public ThroughputResult[] InputObject { get; set; } = [];

    /// <summary>The measurements to compare with, or the file that they were saved in.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The measurements to compare with, or the JSON file that they were saved in.")]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public object[] Baseline { get; set; } = [];

    /// <inheritdoc />
    protected override void Process() => _results.AddRange(InputObject);

    /// <inheritdoc />
    protected override void End()
    {
        List<ThroughputResult> before = [];
        foreach (object item in Baseline)
        {
            before.AddRange(Read(item));
        }

        WriteObject(ThroughputComparer.Compare(before, _results), enumerateCollection: true);
    }

    private IEnumerable<ThroughputResult> Read(object item) => (item is PSObject wrapped ? wrapped.BaseObject : item) switch
    {
        ThroughputResult result => [result],
        string path => ResultFile.Read(FilePaths.Existing(this, path)),
        FileInfo file => ResultFile.Read(file.FullName),
        IEnumerable list => list.Cast<object>().SelectMany(Read),
        _ => [(ThroughputResult)LanguagePrimitives.ConvertTo(item, typeof(ThroughputResult), CultureInfo.InvariantCulture)],
    };
}
