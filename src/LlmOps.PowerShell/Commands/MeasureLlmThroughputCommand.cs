using System.Management.Automation;
using LlmOps.Benchmarking;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Measures what servers deliver: time to first token, time per token, tokens a second, at one load point after the other.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "LlmThroughput", DefaultParameterSetName = ServerSet)]
[OutputType(typeof(ThroughputResult))]
public sealed class MeasureLlmThroughputCommand : LlmOpsCommand
{
    private const string ServerSet = "Server";
    private const string UriSet = "Uri";

    /// <summary>The servers to measure, or their names with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ServerSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Name of the server, with wildcards, or the server itself.")]
    [Alias("InputObject")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>The address of any OpenAI-compatible server.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet, HelpMessage = "The address of any OpenAI-compatible server, for example http://127.0.0.1:8080.")]
    public Uri? Uri { get; set; }

    /// <summary>The model name to ask for; the first that the server lists when left out.</summary>
    [Parameter(HelpMessage = "The model name to ask for; the first that the server lists when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>Requests in flight at a time; one load point each.</summary>
    [Parameter(HelpMessage = "Requests in flight at a time; one load point each.")]
    [ValidateRange(1, 100_000)]
    public int[] Concurrency { get; set; } = [1];

    /// <summary>Tokens in each prompt.</summary>
    [Parameter(HelpMessage = "Tokens in each prompt.")]
    [ValidateRange(1, int.MaxValue)]
    public int PromptTokens { get; set; } = 128;

    /// <summary>Tokens to generate for each request.</summary>
    [Parameter(HelpMessage = "Tokens to generate for each request.")]
    [ValidateRange(1, int.MaxValue)]
    public int OutputTokens { get; set; } = 64;

    /// <summary>Requests per load point.</summary>
    [Parameter(HelpMessage = "Requests per load point; four for each one in flight, and at least eight, when left out.")]
    [ValidateRange(1, int.MaxValue)]
    public int? Request { get; set; }

    /// <summary>Start no request later than this many seconds into a load point.</summary>
    [Parameter(HelpMessage = "Start no request later than this many seconds into a load point.")]
    [ValidateRange(1, 86400)]
    public int? DurationSec { get; set; }

    /// <summary>Requests for each one in flight that are sent first and not counted.</summary>
    [Parameter(HelpMessage = "Requests for each one in flight that are sent first and not counted.")]
    [ValidateRange(0, 1000)]
    public int Warmup { get; set; } = 1;

    /// <summary>A file with the API key; a server started here knows its own.</summary>
    [Parameter(HelpMessage = "A file with the API key; a server started by LlmOps knows its own.")]
    [ValidateNotNullOrEmpty]
    public string? ApiKeyFile { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (Uri is not null)
        {
            Attempt(Uri, () => Measure(Uri, Uri.ToString(), Model, ApiKeyFile));
            return;
        }

        Each(Name, ServerRegistry.Default.Select, Measure);
    }

    private void Measure(LlmServer server)
    {
        if (server.State is not (ServerState.Ready or ServerState.Unsupervised))
        {
            throw new LlmOpsException(
                $"Server '{server.Name}' is {server.State}, not ready; Wait-LlmServer waits for it, Resolve-LlmServerFault looks why.", "ServerNotReady")
            {
                Kind = ErrorKind.ServerFailed,
            };
        }

        Measure(server.Endpoint, server.Name, Model ?? server.Alias, ApiKeyFile ?? server.ApiKeyFile);
    }

    private void Measure(Uri endpoint, string name, string? model, string? keyFile)
    {
        ThroughputMeasurement measurement = new(new MeasurementOptions
        {
            Endpoint = endpoint,
            ServerName = name,
            Model = model,
            ApiKey = keyFile is null ? null : ApiKeys.First(FilePaths.Existing(this, keyFile)),
            Concurrency = Concurrency,
            PromptTokens = PromptTokens,
            OutputTokens = OutputTokens,
            Requests = Request,
            Duration = DurationSec is int seconds ? TimeSpan.FromSeconds(seconds) : null,
            Warmup = Warmup,
        });
        IProgress<MeasurementProgress> progress = ProgressOf<MeasurementProgress>($"Measuring {name}", Show);
        try
        {
            Stream(stop => measurement.RunAsync(progress, stop), Write);
        }
        finally
        {
            EndProgress();
        }
    }

    private void Write(ThroughputResult result)
    {
        foreach (string warning in result.Warnings)
        {
            WriteWarning($"{result.ServerName}, {result.Concurrency} at a time: {warning}");
        }

        WriteObject(result);
    }

    private static void Show(MeasurementProgress progress, ProgressRecord record)
    {
        record.StatusDescription = progress.Activity;
        record.PercentComplete = progress.Total > 0 ? Math.Min(100, 100 * progress.Completed / progress.Total) : -1;
    }
}
