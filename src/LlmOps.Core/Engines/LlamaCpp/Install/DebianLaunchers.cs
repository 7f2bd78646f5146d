namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Writes one small script per program, so that a program of a private root starts like any other.</summary>
internal static class DebianLaunchers
{
    // The loader takes a list of folders, parted by ':' or ';', in which it replaces $ORIGIN and the like: no quoting helps there.
    private static readonly char[] UnusableInLibraryPath = [':', ';', '$', '\n'];

    /// <summary>Makes <c>bin/</c> and <c>loader/</c> in <paramref name="staged"/>, for use once it lies at <paramref name="final"/>.</summary>
    /// <param name="staged">The install as it is being made; its <c>root</c> holds the packages.</param>
    /// <param name="final">The path that it will have.</param>
    /// <param name="platform">The architecture of the packages.</param>
    public static void Write(string staged, string final, DebianPlatform platform)
    {
        DebianRoot root = new(Path.Combine(staged, "root"), platform);
        string loader = Path.GetRelativePath(staged, root.PlaceLoader());
        string? drivers = root.VulkanDrivers is { } folder ? Path.Combine(final, Path.GetRelativePath(staged, folder)) : null;
        Directory.CreateDirectory(Path.Combine(staged, "bin"));
        Directory.CreateDirectory(Path.Combine(staged, "loader"));
        foreach (string program in root.Programs)
        {
            // The kernel names a process after the file that was executed: through this link, ps and top show the program.
            File.CreateSymbolicLink(Path.Combine(staged, "loader", program), Path.Combine("..", loader));

            string script = Path.Combine(staged, "bin", program);
            File.WriteAllText(script, Script(final, program, platform, drivers));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(script, (UnixFileMode)Convert.ToInt32("755", 8));
            }
        }
    }

    /// <summary>Refuses a path that the program loader would misread.</summary>
    public static void CheckUsable(string folder)
    {
        if (folder.IndexOfAny(UnusableInLibraryPath) >= 0)
        {
            throw new EngineInstallException($"the cache folder '{folder}' has one of : ; $ in its path, which the program loader cannot take; set XDG_CACHE_HOME to another folder");
        }
    }

    /// <summary>What starts <paramref name="program"/> of the install at <paramref name="install"/>, before its own arguments.</summary>
    public static (string Loader, IReadOnlyList<string> Arguments) Command(string install, string program, DebianPlatform platform)
    {
        DebianRoot root = new(Path.Combine(install, "root"), platform);
        return (Path.Combine(install, "loader", program), ["--library-path", string.Join(':', root.LibraryFolders), "--argv0", program, root.PathOf(program)]);
    }

    /// <summary>The text of one script. It replaces itself with the program: same process id, same arguments.</summary>
    public static string Script(string install, string program, DebianPlatform platform, string? vulkanDrivers)
    {
        // Drivers that came along are added to the machine's own; libraries that the user names come after ours.
        string drivers = vulkanDrivers is null ? string.Empty : $"[ -n \"$VK_ADD_DRIVER_FILES\" ] || export VK_ADD_DRIVER_FILES={Quote(vulkanDrivers)}\n";
        (string loader, IReadOnlyList<string> arguments) = Command(install, program, platform);
        return $$"""
            #!/bin/sh
            # Written by LlmOps: runs Debian's {{program}} with the libraries of its own release.
            {{drivers}}exec {{Quote(loader)}} {{arguments[0]}} {{Quote(arguments[1])}}"${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" {{string.Join(' ', arguments.Skip(2).Select(Quote))}} "$@"

            """;
    }

    /// <summary>One word for a POSIX shell: inside single quotes everything but a single quote is itself.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
