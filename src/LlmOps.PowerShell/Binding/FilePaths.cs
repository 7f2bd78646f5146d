using System.Collections.ObjectModel;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using DriveNotFoundException = System.Management.Automation.DriveNotFoundException;

namespace LlmOps.Binding;

/// <summary>Resolves paths as PowerShell does: against its own location, which is not the process's working directory.</summary>
internal static class FilePaths
{
    /// <summary>The existing files that patterns with wildcards, or paths taken literally, name.</summary>
    /// <exception cref="LlmOpsException"><c>FileNotFound</c>: nothing is there; <c>PathNotFileSystem</c>: it is no path of files.</exception>
    public static IReadOnlyList<string> Existing(PSCmdlet cmdlet, string path, bool literal)
    {
        if (literal)
        {
            return [Existing(cmdlet, path)];
        }

        Collection<string> found;
        ProviderInfo provider;
        try
        {
            found = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider);
        }
        catch (Exception failure) when (failure is ItemNotFoundException or DriveNotFoundException)
        {
            throw NotFound(cmdlet, path, failure);
        }

        RequireFileSystem(provider, path);
        return found.Count > 0 ? found : throw NotFound(cmdlet, path, null);
    }

    /// <summary>The full path of something that must exist; wildcard characters mean themselves.</summary>
    /// <exception cref="LlmOpsException"><c>FileNotFound</c> or <c>PathNotFileSystem</c>.</exception>
    public static string Existing(PSCmdlet cmdlet, string path)
    {
        string full = New(cmdlet, path);
        return Path.Exists(full) ? full : throw NotFound(cmdlet, path, null);
    }

    /// <summary>The full path of something that need not exist; wildcard characters mean themselves.</summary>
    /// <exception cref="LlmOpsException"><c>FileNotFound</c>: its drive does not exist; <c>PathNotFileSystem</c>: it is no path of files.</exception>
    public static string New(PSCmdlet cmdlet, string path)
    {
        try
        {
            string full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            RequireFileSystem(provider, path);
            return full;
        }
        catch (DriveNotFoundException failure)
        {
            throw NotFound(cmdlet, path, failure);
        }
    }

    /// <summary>The error of a file that must not be replaced.</summary>
    public static LlmOpsException Exists(string file) =>
        new($"{file} exists; choose another path or leave out -NoClobber.", "FileExists") { Kind = ErrorKind.AlreadyExists };

    private static void RequireFileSystem(ProviderInfo provider, string path)
    {
        if (provider.ImplementingType != typeof(FileSystemProvider))
        {
            throw new LlmOpsException($"'{path}' is a path of the {provider.Name} provider; give the path of a file.", "PathNotFileSystem");
        }
    }

    private static LlmOpsException NotFound(PSCmdlet cmdlet, string path, Exception? inner) =>
        new($"Nothing is at '{path}' (seen from {cmdlet.SessionState.Path.CurrentFileSystemLocation}); check the path.", "FileNotFound", inner)
        {
            Kind = ErrorKind.NotFound,
        };
}
