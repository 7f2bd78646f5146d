using System.Runtime.InteropServices;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>The command that supervises a server; the server's folder is appended to its arguments.</summary>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments before the folder.</param>
/// <param name="Environment">Variables to add for it.</param>
public sealed record SupervisorCommand(string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>The variable that names the <c>llmops</c> command to use.</summary>
    public const string OverrideVariable = "LLMOPS_COMMAND";

    private const string Verb = "supervise";

    /// <summary>The <c>llmops</c> command itself, to which any arguments may be appended.</summary>
    public IReadOnlyList<string> LlmOps => [File, .. Arguments.SkipLast(1)];

    /// <summary>Finds the <c>llmops</c> command: named by <see cref="OverrideVariable"/>, beside this assembly, or on PATH.</summary>
    /// <exception cref="LlmOpsException">There is none; id <c>SupervisorNotFound</c>.</exception>
    public static SupervisorCommand Find() => Find(Folders(), System.Environment.GetEnvironmentVariable(OverrideVariable));

    internal static SupervisorCommand Find(IReadOnlyList<string> folders, string? overridden)
    {
        if (!string.IsNullOrEmpty(overridden))
        {
            return System.IO.File.Exists(overridden)
                ? Of(Path.GetFullPath(overridden))
                : throw new LlmOpsException(
                    $"{OverrideVariable} names '{overridden}', which is not there; set it to the path of the llmops command or unset it.", "SupervisorNotFound")
                    { Kind = ErrorKind.NotFound };
        }

        string apphost = OperatingSystem.IsWindows() ? "llmops.exe" : "llmops";
        foreach (string folder in folders)
        {
            foreach (string file in new[] { Path.Combine(folder, apphost), Path.Combine(folder, "llmops.dll") })
            {
                if (file.EndsWith(".dll", StringComparison.Ordinal) ? System.IO.File.Exists(file) : ExecutableFinder.IsExecutable(file))
                {
                    return Of(file);
                }
            }
        }

        return ExecutableFinder.Find("llmops") is { } onPath
            ? Of(onPath)
            : throw new LlmOpsException(
                $"The llmops command, which supervises servers, is neither beside LlmOps in '{folders[0]}' nor on PATH; set {OverrideVariable} to its path.",
                "SupervisorNotFound") { Kind = ErrorKind.NotFound };
    }

    private static SupervisorCommand Of(string file)
    {
        Dictionary<string, string> environment = [];
        string? dotnetRoot = DotnetRoot(RuntimeEnvironment.GetRuntimeDirectory());
        if (dotnetRoot is not null)
        {
            // An apphost looks for .NET in a few fixed places and in this variable; the one that runs us is known to be there.
            environment["DOTNET_ROOT"] = dotnetRoot;
        }

        if (!file.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
        {
            return new SupervisorCommand(file, [Verb], environment);
        }

        string dotnet = dotnetRoot is not null ? Path.Combine(dotnetRoot, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet") : string.Empty;
        string muxer = System.IO.File.Exists(dotnet) ? dotnet : ExecutableFinder.Find("dotnet") ?? "dotnet";
        return new SupervisorCommand(muxer, [file, Verb], environment);
    }

    /// <summary>The root of a shared .NET, from <c>ROOT/shared/Microsoft.NETCore.App/VERSION/</c>; null for another layout.</summary>
    internal static string? DotnetRoot(string runtimeDirectory)
    {
        DirectoryInfo? shared = new DirectoryInfo(Path.TrimEndingDirectorySeparator(runtimeDirectory)).Parent?.Parent;
        return shared is { Name: "shared", Parent: { } root } ? root.FullName : null;
    }

    private static List<string> Folders()
    {
        string assembly = typeof(SupervisorCommand).Assembly.Location;
        string beside = Path.TrimEndingDirectorySeparator(assembly.Length > 0 ? Path.GetDirectoryName(assembly)! : AppContext.BaseDirectory);

        // The module keeps its libraries in folders below its own; the build stages module and command side by side in out/.
        List<string> folders = [beside, Path.Combine(beside, "bin")];
        string? above = Path.GetDirectoryName(beside);
        for (int level = 0; level < 3 && above is not null; level++, above = Path.GetDirectoryName(above))
        {
            folders.Add(Path.Combine(above, "bin"));
        }

        return folders;
    }
}
