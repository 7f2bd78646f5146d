using System.Text;
using LlmOps.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Processes;

/// <summary>Standard output without the console's writer, whose opening takes longer than a short command's work.</summary>
public static class StandardOutput
{
    private const int Descriptor = 1;

    /// <summary>Writes <paramref name="text"/> as UTF-8, at once.</summary>
    /// <exception cref="IOException">Nobody reads it any more.</exception>
    public static void Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] content = Encoding.UTF8.GetBytes(text);
        int done = OperatingSystem.IsLinux() ? LibcWrite.Write(Descriptor, content) : 0;
        if (done < content.Length)
        {
            WriteRest(content, done);
        }
    }

    // What the first way could not write; this one says why.
    private static void WriteRest(byte[] content, int from)
    {
        using FileStream output = new(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        output.Write(content, from, content.Length - from);
    }
}
