using System.Management.Automation;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Gives what running servers say of themselves now: requests, cache, rates, speculation, the same for every engine.</summary>
[Cmdlet(VerbsCommon.Get, "LlmServerMetric", DefaultParameterSetName = ServerSet)]
[OutputType(typeof(ServerMetric))]
public sealed class GetLlmServerMetricCommand : LlmOpsCommand
{
    private const string ServerSet = "Server";
    private const string UriSet = "Uri";

    /// <summary>The servers, or their names with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ServerSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Name of the server, with wildcards, or the server itself.")]
    [Alias("InputObject")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>The address of any llama-server or vLLM.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet, HelpMessage = "The address of any llama-server or vLLM, for example http://127.0.0.1:8000.")]
    public Uri? Uri { get; set; }

    /// <summary>A file with the API key; a server started here knows its own.</summary>
    [Parameter(ParameterSetName = UriSet, HelpMessage = "A file with the API key; a server started by LlmOps knows its own.")]
    [ValidateNotNullOrEmpty]
    public string? ApiKeyFile { get; set; }

    /// <summary>Seconds over which rates are taken, and from one look to the next.</summary>
    [Parameter(HelpMessage = "Seconds over which rates are taken, and from one look to the next.")]
    [ValidateRange(0.05, 86400.0)]
    public double IntervalSec { get; set; } = 1;

    /// <summary>Look again and again until stopped.</summary>
    [Parameter(HelpMessage = "Look again and again until stopped.")]
    public SwitchParameter Watch { get; set; }

    /// <summary>End after so many looks; implies -Watch.</summary>
    [Parameter(HelpMessage = "End after so many looks; implies -Watch.")]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (Uri is not null)
        {
            Attempt(Uri, () => Write(new ServerMetricReader(Uri, Uri.OriginalString, ApiKeyFile is null ? ApiKeys.OfEnvironment : ApiKeys.First(FilePaths.Existing(this, ApiKeyFile)))));
            return;
        }

        Each(Name, ServerRegistry.Default.Select, server => Write(ServerMetricReader.Of(server)));
    }

    private void Write(ServerMetricReader reader)
    {
        TimeSpan interval = TimeSpan.FromSeconds(IntervalSec);
        if (!Watch && Count is null)
        {
            WriteMetric(Await(stop => reader.ReadAsync(interval, stop)));
            return;
        }

        Stream(stop => Limited(reader.WatchAsync(interval, stop)), WriteMetric);
    }

    private async IAsyncEnumerable<ServerMetric> Limited(IAsyncEnumerable<ServerMetric> metrics)
    {
        int left = Count ?? int.MaxValue;
        await foreach (ServerMetric metric in metrics.ConfigureAwait(false))
        {
            yield return metric;
            if (--left <= 0)
            {
                yield break;
            }
        }
    }

    private void WriteMetric(ServerMetric metric)
    {
        foreach (string note in metric.Notes)
        {
            WriteVerbose($"{metric.ServerName}: {note}");
        }

        WriteObject(metric);
    }
}
