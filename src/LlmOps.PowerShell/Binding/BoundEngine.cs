using System.Collections;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Binding;

/// <summary>The engine that a command line is about so far, for completion.</summary>
internal static class BoundEngine
{
    // Whoever presses Tab waits no longer; what the engine says is remembered, so the next time it is there.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>The engines found, best first; none when they cannot be looked for now.</summary>
    public static IReadOnlyList<EngineCapabilities> All()
    {
        using CancellationTokenSource patience = new(s_patience);
        return Try(() => new EngineLocator(new EngineLocatorOptions()).FindAsync(null, patience.Token).GetAwaiter().GetResult(), []);
    }

    /// <summary>The engine named by <c>-EnginePath</c>, by the server's configuration or by <c>-Engine</c>; else the one that would be taken.</summary>
    public static EngineCapabilities? Of(IDictionary bound)
    {
        string? path = bound["EnginePath"]?.ToString() ?? PathOfServer(bound["Name"]?.ToString());
        string? engine = bound["Engine"]?.ToString() is { } named && named != EngineChoice.Auto ? named
            : Directory.Exists(bound["Model"]?.ToString()) ? EngineNames.Vllm
            : null;
        using CancellationTokenSource patience = new(s_patience);
        return Try(() => new EngineLocator(new EngineLocatorOptions { Engine = engine }).FindBestAsync(path, patience.Token).GetAwaiter().GetResult(), null);
    }

    private static string? PathOfServer(string? name) => name is null
        ? null
        : Try(() => ServerRegistry.Default.Find(name) is { } server ? ServerConfigFile.Read(server.ConfigPath).EnginePath : null, null);

    // The shell would drop every other completion too if a completer threw; the command itself reports what is wrong.
    private static T Try<T>(Func<T> find, T otherwise)
    {
        try
        {
            return find();
        }
        catch (Exception failure) when (failure is LlmOpsException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }
}
