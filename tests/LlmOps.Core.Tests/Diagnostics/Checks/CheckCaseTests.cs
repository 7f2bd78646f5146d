using LlmOps.Diagnostics;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Every check on machines that make it pass, complain and skip.</summary>
public sealed class CheckCaseTests
{
    private static readonly CheckCase[] s_cases =
    [
        .. DriverCases.All, .. GpuCases.All, .. KernelCases.All, .. LinkCases.All, .. HostCases.All, .. StorageCases.All, .. ContainerCases.All,
        .. EngineCases.All, .. PythonCases.All, .. ModelCases.All, .. NetworkCases.All,
    ];

    public static TheoryData<int, string> Numbered => [.. s_cases.Select((each, at) => (at, $"{each.Id} {each.Expected}: {each.Says}"))];

    [Theory]
    [MemberData(nameof(Numbered))]
    public async Task A_check_finds_what_is_there(int at, string what)
    {
        CheckCase expected = s_cases[at];
        using CheckMachine machine = new();
        expected.Make(machine);

        CheckResult result = await machine.RunAsync(expected.Id);

        string said = $"{result.Message} | {result.Evidence} | {result.Remedy}";
        Assert.True(result.Status == expected.Expected, $"{what}: {result.Status}: {said}");
        Assert.Contains(expected.Says, said, StringComparison.Ordinal);
        if (result.Status is CheckStatus.Warn or CheckStatus.Fail)
        {
            Assert.False(string.IsNullOrEmpty(result.Why), $"{what} does not say why");
            Assert.False(string.IsNullOrEmpty(result.Remedy), $"{what} does not say what to do");
            Assert.All(result.Commands, command => Assert.Contains(command.Text, result.Remedy!, StringComparison.Ordinal));
        }
        else
        {
            Assert.Empty(result.Commands);
            Assert.False(result.Blocks);
        }
    }

    [Fact]
    public void Every_check_has_machines_that_make_it_pass_complain_and_skip()
    {
        List<string> lacking = [];
        foreach (string id in EnvironmentChecks.Ids)
        {
            CheckStatus[] seen = [.. s_cases.Where(each => each.Id == id).Select(each => each.Expected)];
            lacking.AddRange(seen.Contains(CheckStatus.Pass) ? [] : [$"{id}: none passes"]);
            lacking.AddRange(seen.Contains(CheckStatus.Warn) || seen.Contains(CheckStatus.Fail) ? [] : [$"{id}: none complains"]);
            lacking.AddRange(seen.Contains(CheckStatus.Skip) ? [] : [$"{id}: none skips"]);
        }

        Assert.Empty(lacking);
        Assert.Empty(s_cases.Select(each => each.Id).Except(EnvironmentChecks.Ids));
    }

    [Fact]
    public void There_are_at_least_sixty_checks_in_all_categories()
    {
        Assert.True(EnvironmentChecks.All.Count >= 60, $"{EnvironmentChecks.All.Count} checks");
        Assert.Equal(Enum.GetValues<CheckCategory>(), EnvironmentChecks.All.Select(check => check.Category).Distinct().Order());
    }
}
