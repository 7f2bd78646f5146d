namespace LlmOps.Hardware.Machine;

/// <summary>Tells how main memory is built: modules, channels, speed, and what they deliver in theory.</summary>
internal static class MemoryLayoutReader
{
    private const string Table = "/sys/firmware/dmi/tables/DMI";
    private const string ErrorDetection = "/sys/devices/system/edac/mc";

    /// <summary>Adds what can be read; the firmware's table needs root, the error detection driver (EDAC) needs server boards.</summary>
    public static MemoryInfo Add(MemoryInfo memory, SystemFiles files)
    {
        IReadOnlyList<DmiModule> modules = files.ReadBytes(Table) is { } table ? DmiTable.ReadModules(table) : [];
        return modules.Count > 0 ? FromTable(memory, modules, CountInEdac(files)) : memory with { Channels = CountInEdac(files) };
    }

    private static MemoryInfo FromTable(MemoryInfo memory, IReadOnlyList<DmiModule> modules, int? channelsOfDriver)
    {
        HashSet<string> channels = new(StringComparer.OrdinalIgnoreCase);
        MemoryModule[] plain = new MemoryModule[modules.Count];
        int? slowest = null;
        bool areNamed = true;
        for (int position = 0; position < plain.Length; position++)
        {
            DmiModule module = modules[position];
            plain[position] = module.Module;
            slowest = module.Module.SpeedMegatransfers is { } speed ? Math.Min(slowest ?? speed, speed) : slowest;
            areNamed &= Channel(module.Module.Slot, module.Bank) is { } channel && channels.Add(channel) | true;
        }

        int? count = channelsOfDriver ?? (areNamed ? channels.Count : null);
        return memory with
        {
            Modules = plain,
            Type = plain[0].Type,
            SpeedMegatransfers = slowest,
            Channels = count,
            BandwidthBytesPerSecond = (long?)count * slowest * 1_000_000 * (modules[0].DataWidthBits / 8),
        };
    }

    /// <summary>The channel that a slot is on, from the names that makers give: <c>P0 CHANNEL A</c>, <c>ChannelA-DIMM0</c>, <c>CPU1_DIMM_A2</c>.</summary>
    internal static string? Channel(string? slot, string? bank)
    {
        foreach (string? name in (ReadOnlySpan<string?>)[slot, bank])
        {
            int at = name?.IndexOf("channel", StringComparison.OrdinalIgnoreCase) ?? -1;
            if (at >= 0)
            {
                int end = at + "channel".Length;
                while (end < name!.Length && name[end] is ' ' or '_')
                {
                    end++;
                }

                return end < name.Length ? name[..(end + 1)] : null;
            }
        }

        // The last digits number the slots of a channel, the letter before them is the channel.
        string text = slot?.TrimEnd("0123456789".ToCharArray()) ?? string.Empty;
        bool isLettered = text.Length > 0 && text.Length < slot!.Length && text[^1] is (>= 'A' and <= 'P')
            && (text.Length == 1 || !char.IsAsciiLetter(text[^2]) || text.EndsWith("DIMM" + text[^1], StringComparison.OrdinalIgnoreCase));
        return isLettered ? text : null;
    }

    private static int? CountInEdac(SystemFiles files)
    {
        HashSet<string> channels = [];
        foreach ((string controller, int _) in files.ListNumbered(ErrorDetection, "mc"))
        {
            foreach ((string module, int _) in files.ListNumbered($"{ErrorDetection}/{controller}", "dimm"))
            {
                // "channel 0 slot 1", on some boards after "branch" or "csrow".
                string[] words = (files.ReadValue($"{ErrorDetection}/{controller}/{module}/dimm_location") ?? string.Empty).Split(' ');
                int at = Array.IndexOf(words, "channel");
                if (at >= 0 && at + 1 < words.Length && files.ReadNumber($"{ErrorDetection}/{controller}/{module}/size") > 0)
                {
                    channels.Add($"{controller} {words[at + 1]}");
                }
            }
        }

        return channels.Count == 0 ? null : channels.Count;
    }
}
