namespace LlmOps;

/// <summary>Where LlmOps keeps things, by the XDG base directory rules (and LOCALAPPDATA on Windows).</summary>
public static class LlmOpsFolders
{
    /// <summary>The user's home folder, whether it is there or not: one that is not (service accounts name <c>/nonexistent</c>) must not become the working folder.</summary>
    public static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } home ? home : Path.GetPathRoot(Environment.CurrentDirectory)!;

    /// <summary>State that must survive: server records and logs. <c>$XDG_STATE_HOME/llmops</c>, else <c>~/.local/state/llmops</c>.</summary>
    public static string State => Resolve("XDG_STATE_HOME", ".local/state");

    /// <summary>Things that can be made again: engines obtained, capabilities read. <c>$XDG_CACHE_HOME/llmops</c>, else <c>~/.cache/llmops</c>.</summary>
    public static string Cache => Resolve("XDG_CACHE_HOME", ".cache");

    /// <summary>Things that a user asked for and that nothing makes again by itself: engines installed. <c>$XDG_DATA_HOME/llmops</c>, else <c>~/.local/share/llmops</c>.</summary>
    public static string Data => Resolve("XDG_DATA_HOME", ".local/share");

    /// <summary>One folder a server, named after it.</summary>
    public static string Servers => Path.Combine(State, "servers");

    private static string Resolve(string variable, string belowHome)
    {
        string? named = Environment.GetEnvironmentVariable(variable);

        // The XDG specification: a relative path is invalid and must be ignored.
        if (!string.IsNullOrEmpty(named) && Path.IsPathRooted(named))
        {
            return Path.Combine(named, "llmops");
        }

        return OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "LlmOps", belowHome.Split('/')[^1])
            : Path.Combine(Home, belowHome, "llmops");
    }
}
