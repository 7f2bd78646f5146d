using LlmOps.Commands;
using LlmOps.Engines;

namespace LlmOps.Binding;

/// <summary>How the cmdlets choose an engine.</summary>
internal static class EngineChoice
{
    /// <summary>The choice is LlmOps's.</summary>
    public const string Auto = "Auto";

    /// <summary>The path of an engine as the locator wants it: absolute, or a bare name to look up on PATH.</summary>
    /// <exception cref="LlmOpsException"><c>FileNotFound</c>.</exception>
    public static string? PathOf(LlmOpsCommand cmdlet, string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return null;
        }

        string full = FilePaths.New(cmdlet, path);
        bool isBareName = !path.Contains('/') && !path.Contains('\\');
        return isBareName && !File.Exists(full) ? path : full;
    }

    /// <summary>The engines found, best first.</summary>
    public static IReadOnlyList<EngineCapabilities> FindAll(LlmOpsCommand cmdlet) =>
        FindAll(cmdlet, null);

    /// <summary>The engines of that name found, best first; of all names when null.</summary>
    public static IReadOnlyList<EngineCapabilities> FindAll(LlmOpsCommand cmdlet, string? engine, bool askForHelp = false) =>
        cmdlet.Await(stop => Locator(engine, askForHelp).FindAsync(null, stop));

    /// <summary>The engine to use; null when none is found and none was named.</summary>
    /// <exception cref="LlmOpsException">The binary that was named is none.</exception>
    public static EngineCapabilities? Find(LlmOpsCommand cmdlet, string? path, string? engine = null) =>
        Tell(cmdlet, cmdlet.Await(stop => Locator(engine).FindBestAsync(PathOf(cmdlet, path), stop)));

    /// <summary>The engine to use.</summary>
    /// <exception cref="LlmOpsException"><c>EngineNotFound</c>, or the binary that was named is none.</exception>
    public static EngineCapabilities Require(LlmOpsCommand cmdlet, string? path, string? engine = null, bool askForHelp = false) =>
        Tell(cmdlet, cmdlet.Await(stop => Locator(engine, askForHelp).RequireAsync(PathOf(cmdlet, path), stop)))!;

    private static EngineLocator Locator(string? engine = null, bool askForHelp = false) => new(new EngineLocatorOptions { Engine = engine, AskForHelp = askForHelp });

    private static EngineCapabilities? Tell(LlmOpsCommand cmdlet, EngineCapabilities? engine)
    {
        cmdlet.WriteVerbose(engine is null ? "No engine was found on this machine." : $"Using {engine.Engine} {engine.Version} at {engine.Path}.");
        return engine;
    }
}
