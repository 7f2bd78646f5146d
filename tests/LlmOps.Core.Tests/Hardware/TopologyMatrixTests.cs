using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class TopologyMatrixTests
{
    [Fact]
    public void Five_cards_are_shown_as_people_know_it_from_nvidia_smi() => Assert.Equal(
        """
              GPU0  GPU1  GPU2  GPU3  GPU4  NUMA  CPUs
        GPU0  X     PHB*  PHB*  SYS*  SYS*  0     0-17
        GPU1  PHB*  X     PHB*  SYS*  SYS*  0     0-17
        GPU2  PHB*  PHB*  X     SYS*  SYS*  0     0-17
        GPU3  SYS*  SYS*  SYS*  X     PHB*  1     18-35
        GPU4  SYS*  SYS*  SYS*  PHB*  X     1     18-35

          PHB   a PCIe host bridge
          SYS   between NUMA nodes
          *     they cannot reach each other's memory

        """,
        Show("five-cards-dual-xeon"));

    [Theory]
    [InlineData("nvlink-pair-3090", "NV4")]
    [InlineData("two-instinct-xgmi", "XGMI")]
    [InlineData("mig-a100", "PIX*")]
    public void A_cell_tells_the_kind_of_link(string machine, string cell) => Assert.Contains(cell, Show(machine), StringComparison.Ordinal);

    [Fact]
    public void A_machine_without_gpus_has_no_matrix() => Assert.Empty(TopologyMatrix.ToText(new GpuTopology()));

    private static string Show(string machine) => TopologyMatrix.ToText(TopologyFile.Read(Fixture.PathOf(Path.Join("Machines", machine + ".json"))));
}
