using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Reads <c>llama-server --list-devices</c>.</summary>
internal static partial class DeviceListText
{
    /// <summary>The devices in the engine's order.</summary>
    public static IReadOnlyList<EngineDevice> Parse(string text)
    {
        List<EngineDevice> devices = [];
        foreach (Match line in DeviceLine().Matches(text))
        {
            devices.Add(new EngineDevice(line.Groups["name"].Value, line.Groups["description"].Value, Bytes(line.Groups["total"]), Bytes(line.Groups["free"])));
        }

        return devices;
    }

    private static long? Bytes(Group mebibytes) =>
        long.TryParse(mebibytes.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number * LlmOps.Bytes.MiB : null;

    //   Vulkan0: llvmpipe (LLVM 22.1.8, 256 bits) (24103 MiB, 23575 MiB free)
    [GeneratedRegex(@"^\s+(?<name>[A-Za-z]+\d+): (?<description>.+?) \((?<total>\d+) MiB, (?<free>\d+) MiB free\)\s*$", RegexOptions.Multiline)]
    private static partial Regex DeviceLine();
}
