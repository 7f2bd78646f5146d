using System.Globalization;
using System.Text.Json;
using LlmOps.Processes;

namespace LlmOps.Engines.Install;

/// <summary>Removes what LlmOps installed, and nothing else.</summary>
/// <param name="installs">The records.</param>
public sealed class EngineRemoval(EngineInstalls installs)
{
    /// <summary>Removes the files of an install, or its image, and its record.</summary>
    /// <param name="install">The install.</param>
    /// <param name="force">Remove it even where a program of it runs.</param>
    /// <param name="cancellationToken">Ends waiting for docker.</param>
    /// <returns>What stays: packages of the system that were installed for it, and the command that removes them; null when nothing does.</returns>
    /// <exception cref="LlmOpsException"><c>EngineInUse</c>, <c>EngineFolderNotOurs</c>, or docker refuses.</exception>
    public async Task<string?> RemoveAsync(EngineInstall install, bool force, CancellationToken cancellationToken)
    {
        if (install.Folder is { } folder)
        {
            RemoveFolder(install, folder, force);
        }
        else
        {
            await RemoveImageAsync(install, cancellationToken).ConfigureAwait(false);
        }

        installs.Remove(install.Name);
        return install.SystemPackages.Count == 0 ? null
            : $"{string.Join(", ", install.SystemPackages)} of the system stay, as others may use them; 'apt-get remove {string.Join(' ', install.SystemPackages)}' removes them";
    }

    private static void RemoveFolder(EngineInstall install, string folder, bool force)
    {
        if (!Directory.Exists(folder))
        {
            return; // Removed by hand before; what is left is the record.
        }

        if (!IsOurs(folder))
        {
            throw new LlmOpsException($"{folder} has no {EngineInstall.FileName} that says it is {install.Name}; it is left alone, remove it by hand", "EngineFolderNotOurs");
        }

        if (!force && RunsFrom(folder) is { } process)
        {
            throw new LlmOpsException(string.Create(CultureInfo.InvariantCulture, $"process {process} runs from {folder}; stop its server first, or remove it with force"), "EngineInUse");
        }

        // Renamed first: a removal that is broken off leaves nothing that looks like an engine.
        string grave = Path.Combine(Path.GetDirectoryName(folder)!, $".removed-{Guid.NewGuid():N}");
        Directory.Move(folder, grave);
        Directory.Delete(grave, recursive: true);
    }

    private static async Task RemoveImageAsync(EngineInstall install, CancellationToken cancellationToken)
    {
        string image = install.Path.Split(':', 2)[1];
        string program = ContainerTool.Find(null) ?? throw new LlmOpsException($"the image {image} cannot be removed without docker or podman on PATH", "DockerNotFound") { Kind = ErrorKind.NotFound };
        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest(program, ["image", "rm", image]), cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0 && !result.StandardError.Contains("No such image", StringComparison.OrdinalIgnoreCase))
        {
            throw new LlmOpsException($"the image {image} stays: {result.StandardError.Trim().ReplaceLineEndings(" ")}", "EngineInUse") { Kind = ErrorKind.ServerFailed };
        }
    }

    private static bool IsOurs(string folder)
    {
        try
        {
            using JsonDocument said = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, EngineInstall.FileName)));
            return said.RootElement.TryGetProperty("folder", out JsonElement named) && named.GetString() == folder;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>A process whose program, script or loader lies in <paramref name="folder"/>; null when there is none that this user may see.</summary>
    private static int? RunsFrom(string folder)
    {
        string inside = folder + Path.DirectorySeparatorChar;
        IEnumerable<string> processes = Directory.Exists("/proc") ? Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])) : [];
        foreach (string process in processes)
        {
            try
            {
                string[] command = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0');
                if (command.Take(2).Any(word => word.StartsWith(inside, StringComparison.Ordinal))
                    || new FileInfo(Path.Combine(process, "exe")).LinkTarget?.StartsWith(inside, StringComparison.Ordinal) == true)
                {
                    return int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture);
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                continue; // It ended, or is another user's, whose programs do not run from here.
            }
        }

        return null;
    }
}
