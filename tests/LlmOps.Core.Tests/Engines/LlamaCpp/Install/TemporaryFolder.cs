namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

/// <summary>A folder for one test, with characters in its name that need care.</summary>
internal sealed class TemporaryFolder(string prefix = "llmops it's a test ") : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory(prefix).FullName;

    public string Below(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Writes a file and the folders above it.</summary>
    public string Write(string name, string text, bool executable = false)
    {
        string path = Below(name.Split('/'));
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (executable && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
        }

        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
