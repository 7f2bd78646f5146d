namespace LlmOps.Servers;

/// <summary>Files and folders that only their owner may read, written so that a reader never sees half of one.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a folder (0700) with its parents when it is not there.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Opens a file (0600 when it is made here).</summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        FileStreamOptions options = new() { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode is not (FileMode.Open or FileMode.Truncate))
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    /// <summary>Writes a whole file: beside it first, then in its place.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (FileStream file = Open(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(content);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
