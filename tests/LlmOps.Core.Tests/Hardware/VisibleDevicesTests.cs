using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class VisibleDevicesTests
{
    // By bus: 3060, 4080 SUPER, 4080 SUPER, P40, P40. By speed: 4080s, 3060, P40s.
    private static readonly GpuTopology FiveCards = TopologyFile.Read(Fixture.PathOf(Path.Join("Machines", "five-cards-dual-xeon.json")));

    [Theory]
    [InlineData("1,2", "PCI_BUS_ID", new[] { 1, 2 })]
    [InlineData("2, 1", "PCI_BUS_ID", new[] { 2, 1 })]
    [InlineData("0,1", null, new[] { 1, 2 })]
    [InlineData("2", "FASTEST_FIRST", new[] { 0 })]
    [InlineData("GPU-00000003", null, new[] { 3 })]
    [InlineData("GPU-00000004-0000-4000-8000-820000000000,GPU-00000000", null, new[] { 4, 0 })]
    [InlineData("GPU-00000003,0", "PCI_BUS_ID", new[] { 3, 0 })]
    [InlineData("", null, new int[0])]
    [InlineData("-1", null, new int[0])]
    [InlineData("0,-1,1", "PCI_BUS_ID", new[] { 0 })]
    public void Programs_see_what_the_variable_names_in_its_order(string visible, string? order, int[] indexes)
    {
        GpuTopology seen = Apply(new GpuEnvironment { CudaVisibleDevices = visible, CudaDeviceOrder = order });

        Assert.Equal(indexes, seen.Gpus.Select(gpu => gpu.Index));
        Assert.Equal(Enumerable.Range(0, indexes.Length), seen.Gpus.Select(gpu => gpu.CudaIndex!.Value));
        Assert.All(seen.Links, link => Assert.True(indexes.Contains(link.A) && indexes.Contains(link.B)));
        Assert.Empty(seen.Notes);
    }

    [Theory]
    [InlineData("1,9,2", new[] { 1 }, "'9' names no GPU; it and what follows it are ignored.")]
    [InlineData("GPU-0", new int[0], "'GPU-0' names no GPU;")]
    [InlineData("1,1", new int[0], "names GPU 1 twice; programs then see no GPU at all.")]
    public void A_wrong_entry_ends_the_list_and_is_told(string visible, int[] indexes, string note)
    {
        GpuTopology seen = Apply(new GpuEnvironment { CudaVisibleDevices = visible, CudaDeviceOrder = "PCI_BUS_ID" });

        Assert.Equal(indexes, seen.Gpus.Select(gpu => gpu.Index));
        Assert.Contains(note, Assert.Single(seen.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_variables_nothing_changes() => Assert.Same(FiveCards, VisibleDevices.Apply(FiveCards));

    [Fact]
    public void Radeons_are_chosen_by_hips_variable_among_what_rocr_left()
    {
        GpuDevice[] radeons = [.. Enumerable.Range(0, 3).Select(index => new GpuDevice { Index = index, Vendor = GpuVendor.Amd, Uuid = $"GPU-{index}000000000000000" })];
        GpuTopology topology = new() { Gpus = radeons, Environment = new GpuEnvironment { RocrVisibleDevices = "GPU-2000000000000000,1", HipVisibleDevices = "1" } };

        Assert.Equal(1, Assert.Single(VisibleDevices.Apply(topology).Gpus).Index);
    }

    [Theory]
    [InlineData(null, "1", null, new[] { 1 })]
    [InlineData(null, "2,0", null, new[] { 2, 0 })]
    [InlineData("1,2", null, null, new[] { 1, 2 })]
    [InlineData("2", "1", null, new[] { 1 })]
    [InlineData(null, "0,7,1", "HIP_VISIBLE_DEVICES=0,7,1: '7' names no GPU", new[] { 0 })]
    public void Radeons_obey_hips_variable_and_without_it_cudas(string? cuda, string? hip, string? note, int[] indexes)
    {
        GpuDevice[] radeons = [.. Enumerable.Range(0, 3).Select(index => new GpuDevice { Index = index, Vendor = GpuVendor.Amd })];
        GpuTopology seen = VisibleDevices.Apply(new GpuTopology { Gpus = radeons, Environment = new GpuEnvironment { CudaVisibleDevices = cuda, HipVisibleDevices = hip } });

        Assert.Equal(indexes, seen.Gpus.Select(gpu => gpu.Index));
        Assert.Equal(note is null ? 0 : 1, seen.Notes.Count);
        Assert.All(seen.Notes, told => Assert.StartsWith(note!, told, StringComparison.Ordinal));
    }

    [Fact]
    public void Parts_of_a_divided_gpu_have_no_number()
    {
        GpuTopology divided = TopologyFile.Read(Fixture.PathOf(Path.Join("Machines", "mig-a100.json"))) with { Environment = new GpuEnvironment { CudaVisibleDevices = "0,1" } };
        GpuTopology seen = VisibleDevices.Apply(divided);

        Assert.Equal([1], seen.Gpus.Select(gpu => gpu.Index));
        Assert.Contains("'1' names no GPU", Assert.Single(seen.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_a_divided_gpu_is_chosen_by_its_uuid()
    {
        GpuTopology divided = TopologyFile.Read(Fixture.PathOf(Path.Join("Machines", "mig-a100.json"))) with { Environment = new GpuEnvironment { CudaVisibleDevices = "MIG-20000000-aaaa-5bbb-8ccc-000000000000" } };
        Assert.Equal("2g.10gb", Assert.Single(VisibleDevices.Apply(divided).Gpus).Mig?.Profile);
    }

    private static GpuTopology Apply(GpuEnvironment environment) => VisibleDevices.Apply(FiveCards with { Environment = environment });
}
