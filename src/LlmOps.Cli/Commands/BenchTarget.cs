using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Observation;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>What to measure or to look at: an address, or a server of this machine.</summary>
/// <param name="Endpoint">Its base address.</param>
/// <param name="Server">The server; null for an address.</param>
internal sealed record BenchTarget(Uri Endpoint, LlmServer? Server)
{
    /// <summary>A file with its key; null for none.</summary>
    public string? ApiKeyFile => Server?.ApiKeyFile;

    /// <summary>Finds what <paramref name="text"/> means.</summary>
    /// <exception cref="LlmOpsException">It is neither an http address nor a server that runs.</exception>
    public static BenchTarget Find(string text, ServerRegistry registry)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
                ? new BenchTarget(address, null)
                : throw new LlmOpsException($"'{text}' is not an http or https address; write for example http://127.0.0.1:8080", "AddressInvalid");
        }

        LlmServer server = ServerNames.Require(registry, text);
        return server.State is ServerState.Ready or ServerState.Unsupervised
            ? new BenchTarget(server.Endpoint, server)
            : throw new LlmOpsException(
                $"the server '{text}' is {server.State.ToString().ToLowerInvariant()}, not ready; 'llmops wait {text}' waits for it, 'llmops diagnose {text}' looks why",
                "ServerNotReady")
            { Kind = ErrorKind.ServerFailed };
    }

    /// <summary>What is known of it, as the beginning of a measurement.</summary>
    public MeasurementOptions Setup(ServerRegistry registry, CancellationToken cancellationToken) => Server is null
        ? MeasurementSetup.ForAddress(Endpoint, cancellationToken)
        : MeasurementSetup.ForServer(registry, Server, cancellationToken);
}
