using System.Runtime.InteropServices;
using System.Text;

namespace LlmOps.Native.Libc;

/// <summary><c>open(2)</c>, <c>read(2)</c>, <c>access(2)</c> and <c>opendir(3)</c> for the small files of /proc and /sys, on Linux.</summary>
/// <remarks>
/// A survey reads a hundred such files once, right after the process starts. .NET's streams load some two hundred types for the first of
/// them, which took longer than all the reading. Nothing here throws; what fails is null.
/// </remarks>
internal static unsafe partial class LibcFile
{
    // The whole name, or half a dozen wrong ones are tried first; musl's loader takes it too.
    internal const string Library = "libc.so.6";

    // The same on x64 and arm64: O_RDONLY | O_CLOEXEC.
    private const int ReadOnly = 0x80000;

    // Where d_name starts in the struct dirent of 64-bit glibc and musl.
    private const int NameOffset = 19;

    private const int FirstRead = 4096;

    /// <summary>Whether the layouts above hold here.</summary>
    public static bool IsUsable { get; } = OperatingSystem.IsLinux() && nint.Size == 8;

    /// <summary>Everything in the file; null when it cannot be opened or read.</summary>
    public static byte[]? Read(string path)
    {
        int descriptor = Open(path);
        if (descriptor < 0)
        {
            return null;
        }

        byte[] content = new byte[FirstRead];
        int length = 0;
        nint got;
        do
        {
            if (length == content.Length)
            {
                Array.Resize(ref content, length * 2);
            }

            fixed (byte* start = content)
            {
                got = read(descriptor, start + length, content.Length - length);
            }

            length += (int)Math.Max(got, 0);
        }
        while (got > 0);

        _ = close(descriptor);
        if (got < 0)
        {
            return null;
        }

        Array.Resize(ref content, length);
        return content;
    }

    /// <summary>Whether anything is at the path; a link counts as what it leads to.</summary>
    public static bool Exists(string path)
    {
        fixed (byte* name = Terminated(path))
        {
            return access(name, 0) == 0;
        }
    }

    /// <summary>Names of everything in the folder in no order; null when it cannot be opened.</summary>
    public static List<string>? List(string folder)
    {
        nint handle;
        fixed (byte* name = Terminated(folder))
        {
            handle = opendir(name);
        }

        if (handle == 0)
        {
            return null;
        }

        List<string> names = [];
        for (byte* entry = readdir(handle); entry != null; entry = readdir(handle))
        {
            byte* name = entry + NameOffset;
            int length = 0;
            while (name[length] != 0)
            {
                length++;
            }

            string text = Encoding.UTF8.GetString(name, length);
            if (text is not ("." or ".."))
            {
                names.Add(text);
            }
        }

        _ = closedir(handle);
        return names;
    }

    private static int Open(string path)
    {
        fixed (byte* name = Terminated(path))
        {
            return open(name, ReadOnly);
        }
    }

    private static byte[] Terminated(string path)
    {
        byte[] name = new byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        _ = Encoding.UTF8.GetBytes(path, 0, path.Length, name, 0);
        return name;
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte* path, int flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint read(int descriptor, byte* buffer, nint count);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int access(byte* path, int mode);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint opendir(byte* path);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial byte* readdir(nint folder);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int closedir(nint folder);
}
