using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Engines.Install;

/// <summary>What was asked for, on which machine, for which backend.</summary>
internal sealed record InstallContext(EngineInstallRequest Request, GpuTopology Topology, EngineBackend Backend)
{
    private const string NameLetters = "+-._";

    /// <summary>The full path of a program; null when PATH lacks it.</summary>
    public string? Find(string program) => ExecutableFinder.Find(program, Request.PathVariable);

    /// <summary>The folder that gets the install as a folder of its own.</summary>
    public string Parent => Path.GetFullPath(Request.Destination ?? Path.Combine(Request.DataFolder, "engines", Request.Engine));

    /// <summary>The name of the install: the one that was asked for, else <paramref name="made"/>.</summary>
    public string NameOr(string made) => Request.Name ?? $"{Request.Engine}-{made}";

    /// <summary>Refuses a name that is no name of a folder and paths that programs would misread.</summary>
    /// <exception cref="EngineInstallException">Such a name or path.</exception>
    public void RequireUsable()
    {
        if (Request.Name is { } name && (name.Length == 0 || name[0] is '.' or '-' || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || NameLetters.Contains(letter, StringComparison.Ordinal))))
        {
            throw new EngineInstallException($"'{name}' cannot be the name of an install; use letters, digits and . _ - +, and start with a letter");
        }

        DebianLaunchers.CheckUsable(Parent);
    }

    /// <summary>The commands that the running user must put before one that needs root.</summary>
    public static IReadOnlyList<string> AsRoot { get; } = OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess ? [] : ["sudo"];
}
