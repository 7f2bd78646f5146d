using LlmOps.Hardware;
using LlmOps.Hardware.Machine;

namespace LlmOps.Core.Tests.Hardware;

public sealed class MemoryLayoutTests : IDisposable
{
    private readonly FakeRoot _root = new();

    [Fact]
    public void Modules_of_a_firmware_table_are_read_and_empty_slots_left_out()
    {
        byte[] table = DmiText.Table([new DmiSlot("DIMM_A1", 65536, 0x22, 4800, "P0 CHANNEL A"), new DmiSlot("DIMM_A2", 0, 0x22, 0), new DmiSlot("DIMM_B1", 16384, 0x22, 5600)]);
        IReadOnlyList<DmiModule> modules = DmiTable.ReadModules(table);

        Assert.Equal([new MemoryModule("DIMM_A1", 64 * Bytes.GiB, "DDR5", 4800), new MemoryModule("DIMM_B1", 16 * Bytes.GiB, "DDR5", 5600)], modules.Select(module => module.Module));
        Assert.Equal(("P0 CHANNEL A", 64), (modules[0].Bank, modules[0].DataWidthBits));
    }

    [Fact]
    public void A_table_that_is_cut_or_changed_anywhere_never_fails()
    {
        byte[] table = DmiText.Table([new DmiSlot("DIMM_A1", 16384, 0x1A, 2400, "BANK 0"), new DmiSlot("DIMM_B1", 16384, 0x1A, 2400)]);
        for (int at = 0; at < table.Length; at++)
        {
            DmiTable.ReadModules(table.AsSpan(0, at));
            byte[] changed = [.. table];
            changed[at] ^= 0xFF;
            DmiTable.ReadModules(changed);
        }

        Assert.Equal(2, DmiTable.ReadModules(table).Count);
    }

    [Theory]
    [InlineData("CPU1_DIMM_A1", null, "CPU1_DIMM_A")]
    [InlineData("P1-DIMMC2", null, "P1-DIMMC")]
    [InlineData("A1", null, "A")]
    [InlineData("ChannelB-DIMM0", "BANK 2", "ChannelB")]
    [InlineData("DIMM 0", "P0 CHANNEL A", "P0 CHANNEL A")]
    [InlineData("DIMM0", "BANK 0", null)]
    [InlineData(null, null, null)]
    public void A_channel_is_told_from_the_names_that_makers_give(string? slot, string? bank, string? channel) =>
        Assert.Equal(channel, MemoryLayoutReader.Channel(slot, bank));

    [Fact]
    public void Without_the_table_channels_are_counted_by_the_error_detection_driver()
    {
        foreach ((string dimm, string place, string size) in new[] { ("mc0/dimm0", "channel 0 slot 0", "16384"), ("mc0/dimm3", "channel 1 slot 0", "16384"), ("mc0/dimm4", "channel 1 slot 1", "16384"), ("mc1/dimm0", "channel 0 slot 0", "16384"), ("mc1/dimm9", "channel 3 slot 0", "0") })
        {
            _root.Write($"/sys/devices/system/edac/mc/{dimm}/dimm_location", place + "\n").Write($"/sys/devices/system/edac/mc/{dimm}/size", size + "\n");
        }

        MemoryInfo memory = MemoryLayoutReader.Add(new MemoryInfo(), new SystemFiles(_root.Path));
        Assert.Equal(3, memory.Channels);
        Assert.Null(memory.BandwidthBytesPerSecond);
    }

    [Theory]
    [InlineData("QEMU", "Standard PC (Q35 + ICH9, 2009)", false, "qemu")]
    [InlineData("VMware, Inc.", "VMware Virtual Platform", true, "vmware")]
    [InlineData("Microsoft Corporation", "Virtual Machine", true, "microsoft")]
    [InlineData("Amazon EC2", "g5.metal", false, null)]
    [InlineData("Amazon EC2", "g5.xlarge", true, "amazon")]
    [InlineData("Supermicro", "SYS-7048GR-TR", false, null)]
    [InlineData("", "", true, "unknown hypervisor")]
    public void A_virtual_machine_is_known_by_its_firmware_and_processor(string maker, string product, bool hasFlag, string? name)
    {
        _root.Write("/sys/class/dmi/id/sys_vendor", maker).Write("/sys/class/dmi/id/product_name", product);
        Assert.Equal(name, HypervisorSigns.Find(new SystemFiles(_root.Path), hasFlag, isWsl: false));
    }

    public void Dispose() => _root.Dispose();
}
