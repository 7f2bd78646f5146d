using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Lists of processors as the kernel writes them: <c>0-17,36-53</c>.</summary>
internal static class CpuList
{
    /// <summary>The numbers of a list; what is no number is left out.</summary>
    public static IEnumerable<int> Numbers(string list)
    {
        foreach (string range in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = range.Split('-');
            if (SystemFiles.ParseDigits(ends[0]) is { } first && SystemFiles.ParseDigits(ends[^1]) is { } last and < 65536)
            {
                for (long number = first; number <= last; number++)
                {
                    yield return (int)number;
                }
            }
        }
    }
}
