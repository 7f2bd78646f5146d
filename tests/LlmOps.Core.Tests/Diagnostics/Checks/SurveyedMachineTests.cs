using LlmOps.Core.Tests.Hardware;
using LlmOps.Diagnostics;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines surveyed through a stand-in for NVIDIA's library: what the checks say of each, no less and no more.</summary>
public sealed class SurveyedMachineTests
{
    [Theory]
    [InlineData("five-cards-dual-xeon", "")]
    [InlineData("two-2080ti-nvlink", "")]
    [InlineData("one-3090", "")]
    [InlineData("nvlink-pair-3090", "")]
    [InlineData("eight-h100-nvswitch", "")]
    [InlineData("mig-a100", "")]
    [InlineData("hybrid-laptop", "")]
    [InlineData("two-instinct-xgmi", "")]
    [InlineData("one-arc", "link.width")]
    [InlineData("no-gpu", "gpu.present")]
    [InlineData("driver-library-mismatch", "driver.loaded driver.library gpu.present")]
    [InlineData("no-driver", "driver.loaded gpu.present")]
    [InlineData("wsl-two-2080ti", "")]
    [InlineData("container-with-limits", "cpu.quota")]
    public async Task A_machine_has_the_findings_that_it_should_have(string name, string expected)
    {
        using CheckMachine machine = new();
        await Machines.All[name](new MachineRoot(machine.Files));
        machine.Topology = new TopologySurvey(new SurveyOptions { SystemRoot = machine.Files.Path, GetEnvironmentVariable = _ => null }).Capture(TestContext.Current.CancellationToken);

        // The engine is another matter: no machine here has one.
        CheckSelection selection = new() { Exclude = ["engine.runs"] };
        List<CheckResult> results = await new EnvironmentChecks().RunAsync(machine.Context, selection, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        string[] complaints = [.. results.Where(result => result.Status is CheckStatus.Warn or CheckStatus.Fail).Select(result => result.Id)];
        Assert.True(expected == string.Join(' ', complaints), string.Join("; ", results.Where(result => complaints.Contains(result.Id)).Select(result => $"{result.Id}: {result.Message} ({result.Evidence})")));
        Assert.DoesNotContain(results, result => result.Message == "the check could not tell");
    }
}
