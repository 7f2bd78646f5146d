using System.Diagnostics;
using LlmOps.Servers;

namespace LlmOps.Cli.Demo;

/// <summary>A private folder for the demonstration's model and server. Disposing ends every process that uses it and removes it.</summary>
internal sealed class DemoWorkspace : IAsyncDisposable
{
    /// <summary>The server's name.</summary>
    public const string ServerName = "demo";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmops-demo-");
    private readonly string _outputFolder;

    /// <summary>Makes the folder, readable by nobody else.</summary>
    /// <param name="outputFolder">Where the server's log is kept.</param>
    public DemoWorkspace(string outputFolder)
    {
        _outputFolder = outputFolder;
        Registry = new ServerRegistry(Path.Combine(_folder.FullName, "servers"));
    }

    /// <summary>The servers of this demonstration alone.</summary>
    public ServerRegistry Registry { get; }

    /// <summary>Where the model goes.</summary>
    public string ModelFile => Path.Combine(_folder.FullName, "tiny-random.gguf");

    /// <summary>Stops the servers that still run and keeps their log.</summary>
    public async Task StopServersAsync(CancellationToken cancellationToken)
    {
        ServerController controller = new(Registry);
        foreach (LlmServer server in Registry.List())
        {
            if (server.State is not (ServerState.Stopped or ServerState.Failed))
            {
                await controller.StopAsync(server.Name, Grace, cancellationToken).ConfigureAwait(false);
            }

            if (File.Exists(server.LogPath))
            {
                Directory.CreateDirectory(_outputFolder);
                File.Copy(server.LogPath, Path.Combine(_outputFolder, "server.log"), overwrite: true);
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            // A demonstration that is interrupted must still clean up: this is not the caller's token.
            await StopServersAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            KillWhatIsLeft();
            _folder.Delete(recursive: true);
        }
    }

    // The registry knows a server from the moment that its supervisor wrote its record; an interruption just before that leaves a
    // process that only its command line gives away. The folder's random name makes the match certain.
    private void KillWhatIsLeft()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (int id in ProcessesInFolder())
        {
            try
            {
                using Process process = Process.GetProcessById(id);
                process.Kill();
                process.WaitForExit(Grace);
            }
            catch (Exception problem) when (problem is ArgumentException or InvalidOperationException)
            {
                // It ended by itself, which is what was wanted.
            }
        }
    }

    private List<int> ProcessesInFolder()
    {
        List<int> found = [];
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(path), out int id) || id == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                if (File.ReadAllText(Path.Combine(path, "cmdline")).Contains(_folder.FullName, StringComparison.Ordinal))
                {
                    found.Add(id);
                }
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // A process that ended, or somebody else's: neither is ours.
            }
        }

        return found;
    }
}
