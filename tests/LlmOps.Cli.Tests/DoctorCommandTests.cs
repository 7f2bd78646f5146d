using System.Text.Json;
using LlmOps.Core.Tests;

namespace LlmOps.Cli.Tests;

/// <summary><c>llmops doctor</c> as a person and as a script use it.</summary>
public sealed class DoctorCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Checks_that_do_not_apply_are_counted_and_shown_when_asked_for()
    {
        string machine = _sandbox.WriteFile("bare.json", "{ \"capturedAt\": \"2026-11-21T09:00:00Z\", \"source\": \"none\", \"host\": { \"cpu\": { \"physicalCores\": 4 } }, \"gpus\": [], \"links\": [] }");
        Outcome usual = await _sandbox.RunAsync("doctor", "--topology", machine, "--category", "gpu,link");
        Outcome all = await _sandbox.RunAsync("doctor", "--topology", machine, "--category", "gpu,link", "--all");
        Outcome skipped = await _sandbox.RunAsync("doctor", "--topology", machine, "--category", "gpu,link", "--status", "skip");

        Assert.Contains("gpu.present", usual.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("link.width", usual.Output, StringComparison.Ordinal);
        Assert.Matches("[0-9]+ skipped \\(--all shows them\\)", usual.Output);
        Assert.Contains("link.width", all.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--all", all.Output, StringComparison.Ordinal);
        Assert.Contains("link.width", skipped.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("gpu.present", skipped.Output, StringComparison.Ordinal);
        Assert.Contains("link.width", Ids(await _sandbox.RunAsync("doctor", "--topology", machine, "--json", "--category", "link")));
        Assert.Equal(["gpu.present"], Ids(await _sandbox.RunAsync("doctor", "--topology", machine, "--json", "--category", "gpu", "--status", "warn,fail")));
    }

    [Fact]
    public async Task Checks_are_chosen_by_id_and_category_and_left_out_by_id()
    {
        Assert.Equal(["memory.shm"], Ids(await _sandbox.RunAsync("doctor", "--json", "--id", "memory.s*", "--exclude", "memory.swap")));
        Assert.Equal(["cpu.quota", "memory.swap"], Ids(await _sandbox.RunAsync("doctor", "--json", "--id", "memory.swap,cpu.quota")));
        Assert.All(Ids(await _sandbox.RunAsync("doctor", "--json", "--category", "cpu,link")), id => Assert.Matches("^(cpu|link)\\.", id));
    }

    [Fact]
    public async Task A_slip_in_a_name_is_told_and_checks_nothing()
    {
        Outcome id = await _sandbox.RunAsync("doctor", "--id", "memory.swop");
        Outcome category = await _sandbox.RunAsync("doctor", "--category", "memry");

        Assert.Equal((2, "llmops: there is no check 'memory.swop'; did you mean 'memory.swap'?"), (id.ExitCode, id.OneLineError()));
        Assert.Equal(2, category.ExitCode);
        Assert.Contains("--category takes some of driver, gpu,", category.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quiet_prints_nothing_and_the_exit_code_tells()
    {
        Outcome fine = await _sandbox.RunAsync("doctor", "--quiet", "--id", "cpu.quota");
        Outcome failed = await _sandbox.RunAsync("doctor", "--quiet", "--id", "engine.runs");

        Assert.Equal((0, string.Empty, string.Empty), (fine.ExitCode, fine.Output, fine.Error));
        Assert.Equal((1, string.Empty, string.Empty), (failed.ExitCode, failed.Output, failed.Error));
    }

    [Fact]
    public async Task A_finding_says_why_whether_it_blocks_and_which_commands_mend_it()
    {
        JsonElement finding = (await _sandbox.RunAsync("doctor", "--json", "--id", "engine.runs")).Json[0];

        Assert.True(finding.GetProperty("blocks").GetBoolean());
        Assert.NotEmpty(finding.GetProperty("why").GetString()!);
        JsonElement command = Assert.Single(finding.GetProperty("commands").EnumerateArray());
        Assert.Equal(["llmops", "install"], command.GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString()));
        Assert.True(command.GetProperty("safe").GetBoolean());
        Assert.False(command.GetProperty("needsRoot").GetBoolean());
        Assert.EndsWith(command.GetProperty("text").GetString()!, finding.GetProperty("remedy").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_saved_machine_nothing_here_is_looked_at()
    {
        string topology = _sandbox.WriteFile("other.json", "{ \"host\": { \"os\": \"Fedora Linux 42\" }, \"gpus\": [ { \"index\": 0, \"name\": \"NVIDIA GeForce RTX 3090\", \"vendor\": \"nvidia\", \"memoryTotalBytes\": 25769803776, \"computeMode\": \"Prohibited\" } ] }");

        Outcome outcome = await _sandbox.RunAsync("doctor", "--json", "--topology", topology);

        JsonElement failed = Assert.Single(outcome.Json.EnumerateArray(), check => check.GetProperty("status").GetString() == "fail");
        Assert.Equal("gpu.compute-mode", failed.GetProperty("id").GetString());
        Assert.Equal("of that machine only its topology is known", outcome.Json.EnumerateArray().Single(check => check.GetProperty("id").GetString() == "engine.runs").GetProperty("message").GetString());
        Assert.Equal(1, outcome.ExitCode);
    }

    [Theory]
    [InlineData("qwq-32b", "one-3090")]
    [InlineData("qwen3.6-27b", "two-2080ti-nvlink")]
    [InlineData("qwen3.5-122b", "five-cards-dual-xeon")]
    public async Task The_configurations_of_the_examples_have_no_false_alarm_on_their_machines(string config, string machine)
    {
        string examples = Path.Combine(Repository.Root, "examples");

        Outcome outcome = await _sandbox.RunAsync("doctor", "--json", "--config", Path.Combine(examples, "configs", config + ".yaml"), "--topology", Path.Combine(examples, "machines", machine + ".json"));

        Assert.DoesNotContain(outcome.Json.EnumerateArray(), check => check.GetProperty("status").GetString() is "fail" or "warn");
        Assert.Equal(0, outcome.ExitCode);
    }

    [Fact]
    public async Task A_home_that_is_not_there_does_not_become_the_working_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps such folders elsewhere.");
        foreach (string variable in (string[])["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"])
        {
            _sandbox.Environment[variable] = null;
        }

        _sandbox.Environment["HOME"] = "/proc/no-home";
        JsonElement finding = (await _sandbox.RunAsync("doctor", "--json", "--id", "storage.state-folder")).Json[0];

        Assert.Equal("fail", finding.GetProperty("status").GetString());
        Assert.Contains("/proc/no-home/.local/state", finding.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_sandbox.PathOf(".local")));
    }

    [Fact]
    public async Task A_model_that_is_damaged_is_a_finding_and_one_that_is_not_there_a_mistake()
    {
        Outcome damaged = await _sandbox.RunAsync("doctor", "--json", "--model", _sandbox.WriteFile("page.gguf", "<!DOCTYPE html>"), "--id", "model.complete");
        Outcome missing = await _sandbox.RunAsync("doctor", "--model", _sandbox.PathOf("none.gguf"));

        Assert.Equal("fail", damaged.Json[0].GetProperty("status").GetString());
        Assert.Equal((1, 2), (damaged.ExitCode, missing.ExitCode));
    }

    private static string[] Ids(Outcome outcome) => [.. outcome.Json.EnumerateArray().Select(check => check.GetProperty("id").GetString()!)];
}
