using LlmOps.Hardware.Machine;

namespace LlmOps.Hardware.Pci;

/// <summary>Product names from the pci.ids table that most systems install.</summary>
internal static class PciNames
{
    private static readonly string[] Tables = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/usr/share/pci.ids"];

    /// <summary>The name of a device by its four-digit ids, for example <c>1002</c> and <c>744c</c>; null when no table knows it.</summary>
    public static string? Find(SystemFiles files, string vendor, string device) =>
        Tables.Select(files.ReadText).FirstOrDefault(text => text is not null) is { } table ? Find(table, vendor, device) : null;

    /// <summary>Looks a device up: vendors start a line, their devices follow with one tab, subsystems with two.</summary>
    internal static string? Find(string table, string vendor, string device)
    {
        bool isVendor = false;
        foreach (ReadOnlySpan<char> line in new TextLines(table))
        {
            if (line.Length > 0 && line[0] is not ('\t' or '#'))
            {
                if (isVendor)
                {
                    return null;
                }

                isVendor = line.StartsWith(vendor, StringComparison.OrdinalIgnoreCase);
            }
            else if (isVendor && line.Length > 6 && line[1] != '\t' && line[1..].StartsWith(device, StringComparison.OrdinalIgnoreCase))
            {
                return line[5..].Trim().ToString();
            }
        }

        return null;
    }
}
