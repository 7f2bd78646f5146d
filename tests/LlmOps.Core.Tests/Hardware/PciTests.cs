using LlmOps.Hardware;
using LlmOps.Hardware.Pci;

namespace LlmOps.Core.Tests.Hardware;

public sealed class PciTests
{
    [Theory]
    [InlineData("0000:03:00.0", "00000000:03:00.0", "0000:03:00.0")]
    [InlineData("00000000:C1:00.0", "00000000:C1:00.0", "0000:c1:00.0")]
    [InlineData("10000:01:1f.7", "00010000:01:1F.7", "10000:01:1f.7")]
    public void An_address_is_read_in_both_spellings(string text, string shown, string sysfs)
    {
        PciAddress address = Assert.NotNull(PciAddress.Parse(text));
        Assert.Equal((shown, sysfs), (address.ToString(), address.SysfsName));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("03:00.0")]
    [InlineData("0000:03:20.0")]
    [InlineData("0000:03:00.8")]
    [InlineData("0000:zz:00.0")]
    public void What_is_no_address_is_none(string? text) => Assert.Null(PciAddress.Parse(text));

    [Theory]
    [InlineData("pci0000:00/a/x", "pci0000:00/b/y", true, GpuLinkKind.PHB)]
    [InlineData("pci0000:00/root/up/down1/x", "pci0000:00/root/up/down2/y", true, GpuLinkKind.PIX)]
    [InlineData("pci0000:00/root/up/down1/up/down/x", "pci0000:00/root/up/down2/y", true, GpuLinkKind.PXB)]
    [InlineData("pci0000:00/a/x", "pci0000:80/b/y", true, GpuLinkKind.NODE)]
    [InlineData("pci0000:00/a/x", "pci0000:80/b/y", false, GpuLinkKind.SYS)]
    public void The_path_between_two_devices_is_named_as_nvidia_smi_does(string a, string b, bool sameNode, GpuLinkKind kind) =>
        Assert.Equal(kind, PciTree.Classify(a.Split('/'), b.Split('/'), sameNode));

    [Theory]
    [InlineData(3, 16, 12_603_076_923)]
    [InlineData(1, 1, 200_000_000)]
    [InlineData(4, 8, 12_603_076_923)]
    public void A_links_speed_is_the_raw_rate_less_line_code_and_packets(int generation, int width, long bytes) =>
        Assert.Equal(bytes, PcieSpeed.BytesPerSecond(generation, width));

    [Theory]
    [InlineData("8.0 GT/s PCIe", 3)]
    [InlineData("2.5 GT/s", 1)]
    [InlineData("Unknown", null)]
    [InlineData(null, null)]
    public void A_speed_of_sysfs_is_a_generation(string? text, int? generation) => Assert.Equal(generation, PcieSpeed.Generation(text));

    [Theory]
    [InlineData("1002", "744c", "Navi 31 [Radeon RX 7900 XT/7900 XTX]")]
    [InlineData("1002", "1234", null)]
    [InlineData("8086", "744c", null)]
    [InlineData("8086", "56a0", "DG2 [Arc A770]")]
    public void A_name_is_looked_up_below_its_own_vendor(string vendor, string device, string? name) => Assert.Equal(
        name, PciNames.Find("# list\n1002  AMD\n\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]\n\t\t1002 1234  A subsystem\n8086  Intel\n\t56a0  DG2 [Arc A770]\nC 03  Display\n", vendor, device));
}
