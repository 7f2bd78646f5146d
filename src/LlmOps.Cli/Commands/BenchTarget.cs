using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>What to measure: an address, or a server of this machine.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Endpoint">Its base address.</param>
/// <param name="Model">The model name to ask for; null for the server's first.</param>
/// <param name="ApiKeyFile">A file with its key; null for none.</param>
internal sealed record BenchTarget(string Name, Uri Endpoint, string? Model, string? ApiKeyFile)
{
    /// <summary>Finds what <paramref name="text"/> means.</summary>
    /// <exception cref="LlmOpsException">It is neither an http address nor a server that runs.</exception>
    public static BenchTarget Find(string text, ServerRegistry registry)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
                ? new BenchTarget(text, address, null, null)
                : throw new LlmOpsException($"'{text}' is not an http or https address; write for example http://127.0.0.1:8080", "AddressInvalid");
        }

        LlmServer server = ServerNames.Require(registry, text);
        return server.State is ServerState.Ready or ServerState.Unsupervised
            ? new BenchTarget(server.Name, server.Endpoint, server.Alias, server.ApiKeyFile)
            : throw new LlmOpsException(
                $"the server '{text}' is {server.State.ToString().ToLowerInvariant()}, not ready; 'llmops wait {text}' waits for it, 'llmops diagnose {text}' looks why",
                "ServerNotReady")
            { Kind = ErrorKind.ServerFailed };
    }
}
