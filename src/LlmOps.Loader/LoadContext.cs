using System.Reflection;
using System.Runtime.Loader;

namespace LlmOps.Loader;

/// <summary>Keeps the cmdlets and their packages apart from those of other modules.</summary>
/// <remarks>
/// Two modules that bring different versions of one assembly cannot share the default context: the first one loaded wins and
/// the other fails. So only this assembly, which refers to nothing, is loaded there; all the others are resolved here, from the
/// folder that this assembly is in, and what is not in that folder (the framework, PowerShell) comes from the default context.
/// </remarks>
public sealed class LoadContext : AssemblyLoadContext
{
    private const string CommandsAssembly = "LlmOps.PowerShell";

    // Assemblies cannot be unloaded from a session, and several runspaces may import the module at once: one context a process.
    private static readonly Lazy<Assembly> Commands = new(LoadCommands);

    private readonly string _folder;

    private LoadContext(string folder)
        : base("LlmOps", isCollectible: false) => _folder = folder;

    private static string Home => Path.GetDirectoryName(typeof(LoadContext).Assembly.Location)!;

    /// <summary>Loads the assembly that holds the cmdlets, once a process.</summary>
    /// <returns>That assembly, for <c>Import-Module -Assembly</c>.</returns>
    /// <exception cref="FileNotFoundException">It is not beside this one.</exception>
    public static Assembly Initialize() => Commands.Value;

    private static Assembly LoadCommands()
    {
        Assembly commands = new LoadContext(Home).LoadFromAssemblyName(new AssemblyName(CommandsAssembly));

        // PowerShell reads type data on whatever thread Parallel.ForEach gives it (InitialSessionState.UpdateTypes). On one that runs no pipeline it looks
        // into the default context only, so the type data names its types with their assembly, and that name is answered there too.
        Default.Resolving += (_, name) => name.Name == CommandsAssembly ? commands : null;
        return commands;
    }

    /// <inheritdoc />
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == typeof(LoadContext).Assembly.GetName().Name)
        {
            return typeof(LoadContext).Assembly;
        }

        string file = Path.Combine(_folder, assemblyName.Name + ".dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }
}
