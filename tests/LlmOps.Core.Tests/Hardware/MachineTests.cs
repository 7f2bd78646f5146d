using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class MachineTests : IDisposable
{
    private readonly FakeRoot _root = new();

    public static TheoryData<string> Names => [.. Machines.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_survey_of_each_machine_says_what_is_saved_of_it(string name)
    {
        string json = TopologyFile.ToJson(await SurveyAsync(name)).Replace(_root.Path, string.Empty, StringComparison.Ordinal);
        string saved = Path.Join("Machines", name + ".json");

        // To save them anew after a change that is meant: name the source folder Fixtures in this variable, and read the difference.
        if (Environment.GetEnvironmentVariable("LLMOPS_SAVE_FIXTURES") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(Path.Join(folder, "Machines"));
            await File.WriteAllTextAsync(Path.Join(folder, saved), json + "\n", new UTF8Encoding(false), TestContext.Current.CancellationToken);
            return;
        }

        Assert.Equal(Fixture.Read(saved).TrimEnd(), json);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_saved_of_each_machine_is_read_back_whole(string name)
    {
        string saved = Fixture.Read(Path.Join("Machines", name + ".json")).TrimEnd();
        Assert.Equal(saved, TopologyFile.ToJson(TopologyFile.Parse(saved, name)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_by_hand_is_what_the_serialiser_writes(string name)
    {
        GpuTopology topology = TopologyFile.Parse(Fixture.Read(Path.Join("Machines", name + ".json")), name) with { Environment = new GpuEnvironment { CudaVisibleDevices = "0" } };
        string expected = JsonSerializer.Serialize(topology, TopologyJson.Default.GpuTopology);
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, JsonDocument.Parse(TopologyFile.ToJson(topology)).RootElement), expected);
    }

    [Fact]
    public void Every_field_of_every_type_is_written_by_hand_too()
    {
        GpuTopology whole = (GpuTopology)Filled(typeof(GpuTopology));
        string expected = JsonSerializer.Serialize(whole, TopologyJson.Default.GpuTopology);

        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, JsonDocument.Parse(TopologyFile.ToJson(whole)).RootElement), expected);
        Assert.Equal(TopologyFile.ToJson(whole), TopologyFile.ToJson(TopologyFile.Parse(expected, "x") with { Links = whole.Links }));
    }

    [Fact]
    public async Task Five_cards_are_numbered_by_bus_and_by_speed()
    {
        GpuTopology topology = await SurveyAsync("five-cards-dual-xeon");

        Assert.Equal([(0, 2), (1, 0), (2, 1), (3, 3), (4, 4)], topology.Gpus.Select(gpu => (gpu.CudaIndex!.Value, gpu.CudaIndexFastestFirst!.Value)));
        Assert.Equal((8, 2400, "DDR4", 153_600_000_000L), (topology.Host.Memory.Channels, topology.Host.Memory.SpeedMegatransfers, topology.Host.Memory.Type, topology.Host.Memory.BandwidthBytesPerSecond));
        Assert.Equal("Supermicro SYS-7048GR-TR", topology.Host.Product);
        Assert.Null(topology.Host.VirtualMachine);
        Assert.Equal(736_064_000_000, topology.Gpus[1].MemoryBandwidthBytesPerSecond);
    }

    [Fact]
    public async Task A_slot_of_eight_lanes_limits_its_card_and_is_not_called_downgraded()
    {
        PcieLink link = (await SurveyAsync("five-cards-dual-xeon")).Gpus[4].Pcie!;

        Assert.Equal((16, 8, true, false), (link.CardWidth, link.SlotWidth, link.IsLimitedBySlot, link.IsDowngraded));
        Assert.Equal(("pci0000:80", 6_301_538_461L), (link.RootComplex, link.BytesPerSecond));
        Assert.Equal(new PciePort("0000:80:03.0", 1, 8, 3, 8), Assert.Single(link.Ports!));
    }

    [Fact]
    public async Task A_card_with_its_own_switch_meets_the_slot_with_the_switchs_upper_port()
    {
        PcieLink link = (await SurveyAsync("one-arc")).Gpus[0].Pcie!;

        Assert.Equal((4, 8, 16, 16), (link.Generation, link.Width, link.CardWidth, link.SlotWidth));
        Assert.True(link.IsDowngraded);
        Assert.Equal(12_603_076_923, link.BytesPerSecond);
    }

    [Fact]
    public async Task Parts_of_a_divided_gpu_stand_in_its_place_after_the_whole_ones()
    {
        GpuTopology topology = await SurveyAsync("mig-a100");

        Assert.Equal([1, 2, 3, 4], topology.Gpus.Select(gpu => gpu.Index));
        Assert.Equal([0, null, null, null], topology.Gpus.Select(gpu => gpu.CudaIndex));
        GpuDevice part = topology.Gpus[2];
        Assert.Equal(("MIG-20000000-aaaa-5bbb-8ccc-000000000000", "2g.10gb", 28, 3, 0), (part.Uuid, part.Mig?.Profile, part.Mig?.Multiprocessors, part.Mig?.GpuInstanceId, part.Mig?.ParentIndex));
        Assert.Equal((9856 * Bytes.MiB, (9856 - 15) * Bytes.MiB), (part.MemoryTotalBytes, part.MemoryFreeBytes));
        Assert.All(topology.Links, link => Assert.False(link.PeerAccess));
    }

    [Fact]
    public async Task Eight_gpus_on_switches_are_all_joined_by_all_their_links()
    {
        GpuTopology topology = await SurveyAsync("eight-h100-nvswitch");

        Assert.Equal(28, topology.Links.Count);
        Assert.All(topology.Links, link => Assert.Equal((GpuLinkKind.NVLink, 18, "4.0", true), (link.Kind, link.Nvlinks, link.NvlinkVersion, link.PeerAccess)));
        Assert.Equal(3_352_320_000_000, topology.Gpus[0].MemoryBandwidthBytesPerSecond);
        Assert.Equal((true, 2L, 0L), (topology.Gpus[0].Ecc?.Enabled, topology.Gpus[0].Ecc?.CorrectedErrors, topology.Gpus[0].Ecc?.UncorrectedErrors));
        Assert.Equal(3, topology.Gpus[0].Pcie?.Ports?.Count);
    }

    [Fact]
    public async Task Two_instincts_are_joined_by_xgmi()
    {
        GpuLink link = Assert.Single((await SurveyAsync("two-instinct-xgmi")).Links);
        Assert.Equal((GpuLinkKind.XGMI, true, 100_000_000_000L), (link.Kind, link.PeerAccess, link.BytesPerSecond));
    }

    [Fact]
    public async Task A_container_has_the_limits_of_its_cgroup_and_names_its_hypervisor()
    {
        HostInfo host = (await SurveyAsync("container-with-limits")).Host;

        Assert.Equal((true, "google", 16, 4.0), (host.IsContainer, host.VirtualMachine, host.Cpu.LogicalCores, host.Cpu.QuotaCores));
        Assert.Equal((16 * Bytes.GiB, 13 * Bytes.GiB, 64 * Bytes.MiB), (host.Memory.TotalBytes, host.Memory.AvailableBytes, host.Limits.ShmBytes));
    }

    [Fact]
    public async Task One_card_that_drives_the_display_says_who_draws_on_it()
    {
        GpuDevice gpu = Assert.Single((await SurveyAsync("one-3090")).Gpus);

        Assert.Equal((true, 24576 * Bytes.MiB, "8.6", "Ampere"), (gpu.DisplayActive, gpu.MemoryTotalBytes, gpu.ComputeCapability, gpu.Architecture));
        Assert.Equal([new GpuProcess(1201, null, 40 * Bytes.MiB, "graphics")], gpu.Processes);
        Assert.Equal((4, 16, false), (gpu.Pcie?.SlotGeneration, gpu.Pcie?.SlotWidth, gpu.Pcie?.IsDowngraded));
    }

    [Theory]
    [InlineData("two-2080ti-nvlink", 2, "2.0", 51_562_000_000)]
    [InlineData("nvlink-pair-3090", 4, "3.1", 56_248_000_000)]
    public async Task A_pair_is_joined_by_its_nvlinks(string name, int links, string version, long bytesPerSecond)
    {
        GpuLink link = Assert.Single((await SurveyAsync(name)).Links);
        Assert.Equal((GpuLinkKind.NVLink, links, version, bytesPerSecond, true), (link.Kind, link.Nvlinks, link.NvlinkVersion, link.BytesPerSecond, link.PeerAccess));
    }

    [Fact]
    public async Task Under_wsl_gpus_have_no_peer_access_and_processes_no_known_memory()
    {
        GpuTopology topology = await SurveyAsync("wsl-two-2080ti");

        Assert.Equal((true, "microsoft"), (topology.Host.IsWsl, topology.Host.VirtualMachine));
        Assert.Equal((false, "not supported"), (Assert.Single(topology.Links).PeerAccess, topology.Links[0].PeerStatus));
        Assert.Equal([new GpuProcess(4242, null, null, "compute")], topology.Gpus[0].Processes);
    }

    [Fact]
    public async Task A_laptop_lists_its_card_before_the_integrated_gpu_that_shares_the_hosts_memory()
    {
        GpuTopology topology = await SurveyAsync("hybrid-laptop");

        Assert.Equal([(0, GpuVendor.Nvidia, false), (1, GpuVendor.Intel, true)], topology.Gpus.Select(gpu => (gpu.Index, gpu.Vendor, gpu.IsIntegrated)));
        GpuDevice shared = topology.Gpus[1];
        Assert.True(shared.DisplayActive == true && shared.SharedMemory);
        Assert.Equal(topology.Host.Memory.TotalBytes, shared.MemoryTotalBytes);
        Assert.Equal((8, 8, false), (topology.Gpus[0].Pcie?.CardWidth, topology.Gpus[0].Pcie?.Width, topology.Gpus[0].Pcie?.IsLimitedBySlot));
    }

    [Theory]
    [InlineData("driver-library-mismatch", "driver and library have different versions")]
    [InlineData("no-driver", "The PCI bus has an NVIDIA GPU at 0000:01:00.0, but libnvidia-ml.so.1 is not installed here")]
    public async Task A_card_that_cannot_be_used_is_named_in_a_note(string name, string note)
    {
        GpuTopology topology = await SurveyAsync(name);

        Assert.Empty(topology.Gpus);
        Assert.Contains(note, Assert.Single(topology.Notes), StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private async Task<GpuTopology> SurveyAsync(string name)
    {
        await Machines.All[name](new MachineRoot(_root));
        return new TopologySurvey(new SurveyOptions
        {
            SystemRoot = _root.Path,
            DriverTimeout = TimeSpan.FromSeconds(60),
            GetEnvironmentVariable = _ => null,
            Clock = new FixedClock(),
        }).Capture(TestContext.Current.CancellationToken);
    }

    /// <summary>A value of a type with something in every field.</summary>
    private static object Filled(Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain.IsGenericType)
        {
            Type item = plain.GetGenericArguments()[0];
            Array list = Array.CreateInstance(item, 1);
            list.SetValue(Filled(item), 0);
            return list;
        }

        if (plain == typeof(string) || plain.IsPrimitive || plain.IsEnum || plain == typeof(DateTimeOffset))
        {
            return plain == typeof(string) ? "text" : plain == typeof(bool) ? true : plain == typeof(DateTimeOffset) ? new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)
                : plain.IsEnum ? Enum.GetValues(plain).GetValue(1)! : Convert.ChangeType(1, plain, CultureInfo.InvariantCulture);
        }

        ConstructorInfo constructor = plain.GetConstructors().OrderByDescending(candidate => candidate.GetParameters().Length).First();
        object value = constructor.Invoke([.. constructor.GetParameters().Select(parameter => Filled(parameter.ParameterType))]);
        foreach (PropertyInfo property in plain.GetProperties().Where(property => property.CanWrite))
        {
            property.SetValue(value, Filled(property.PropertyType));
        }

        return value;
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    }
}
