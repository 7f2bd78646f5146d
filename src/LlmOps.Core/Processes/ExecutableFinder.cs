namespace LlmOps.Processes;

/// <summary>Finds programs on PATH without starting anything.</summary>
public static class ExecutableFinder
{
    /// <summary>The full path of the first <paramref name="name"/> on <paramref name="pathVariable"/> that is a file and may be executed.</summary>
    /// <param name="name">The program's name without a folder.</param>
    /// <param name="pathVariable">The value of PATH; null for this process's own.</param>
    /// <returns>Null when there is none.</returns>
    public static string? Find(string name, string? pathVariable = null)
    {
        string path = pathVariable ?? Environment.GetEnvironmentVariable("PATH") ?? string.Empty;
        string fileName = OperatingSystem.IsWindows() ? name + ".exe" : name;
        foreach (string folder in path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            string candidate = Path.Combine(folder, fileName);
            if (IsExecutable(candidate))
            {
                return Path.GetFullPath(candidate);
            }
        }

        return null;
    }

    /// <summary>Whether <paramref name="path"/> is a file that may be executed.</summary>
    public static bool IsExecutable(string path) =>
        File.Exists(path)
        && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
