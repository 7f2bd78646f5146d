using System.Globalization;
using System.Text;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>A variable in the environment that a process was started with, by which its kind can be found again.</summary>
/// <param name="Variable">The variable.</param>
/// <param name="Value">Its value.</param>
/// <param name="WholeValue">Whether the value is all of it; otherwise the beginning.</param>
internal sealed record ProcessMark(string Variable, string Value, bool WholeValue)
{
    private readonly byte[] _bytes = Encoding.UTF8.GetBytes($"{Variable}={Value}{(WholeValue ? "\0" : string.Empty)}");

    /// <summary>Whether the process carries the mark. Processes of others, which cannot be read, do not.</summary>
    public bool IsOn(int pid)
    {
        try
        {
            string file = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ");
            ReadOnlySpan<byte> environment = LibcFile.IsUsable ? LibcFile.Read(file) : File.ReadAllBytes(file);
            for (int at; (at = environment.IndexOf(_bytes)) >= 0; environment = environment[(at + 1)..])
            {
                if (at == 0 || environment[at - 1] == 0)
                {
                    return true;
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Gone, or somebody else's: not one of ours.
        }

        return false;
    }
}
