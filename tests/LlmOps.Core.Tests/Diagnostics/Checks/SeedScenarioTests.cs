using System.Net;
using System.Net.Sockets;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Three write-ups and their readers' questions: no false alarm on the machines as they ended, and each reader's problem by name before anything is started.</summary>
public sealed class SeedScenarioTests
{
    [Theory]
    [InlineData("docker")]
    [InlineData("plugin")]
    [InlineData("built")]
    public async Task On_the_machines_as_they_ended_only_the_open_port_is_spoken_of(string which)
    {
        using CheckMachine machine = new();
        await (which switch
        {
            "docker" => SeedMachines.DockerAsync(machine, FreePorts.Next()),
            "plugin" => SeedMachines.PluginAsync(machine, FreePorts.Next()),
            _ => SeedMachines.BuiltAsync(machine, FreePorts.Next()),
        });

        IReadOnlyList<CheckResult> complaints = await ComplaintsAsync(machine);

        // All three listen on 0.0.0.0 without a key, which is so and is no false alarm.
        Assert.Equal(["security.exposed-without-key"], complaints.Select(result => result.Id));
    }

    [Theory]
    [InlineData("five-cards-dual-xeon")]
    [InlineData("two-2080ti-nvlink")]
    [InlineData("one-3090")]
    public async Task Their_saved_topologies_alone_raise_no_alarm(string name)
    {
        CheckContext context = new() { Topology = TopologyFile.Read(Hardware.Fixture.PathOf(name + ".json")), SystemRoot = null };

        List<CheckResult> results = await new EnvironmentChecks().RunAsync(context, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain(results, result => result.Status is CheckStatus.Warn or CheckStatus.Fail);
    }

    [Fact]
    public async Task A_CUDA_13_3_compiler_with_torch_of_CUDA_13_0_is_named_with_the_commands_that_helped()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());
        machine.Toolkit("13.3");

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "python.nvcc");

        Assert.Equal((CheckStatus.Fail, true), (result.Status, result.Blocks));
        Assert.Contains("is 13.3, torch is built with 13.0; caovan-vllm-sm75-turbo3 0.4.13 compiles its own kernels", result.Evidence, StringComparison.Ordinal);
        Assert.Equal(["conda", "install", "-y", "-p", machine.Engine!.Python!.Folder, "-c", "nvidia", "cuda-toolkit=13.0"], result.Commands[0].Arguments);
        Assert.Contains("[-Wtemplate-body]", result.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_of_25_GiB_with_8_9_GiB_of_memory_is_named()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());
        machine.Host(host => host with { Memory = host.Memory with { TotalBytes = 16L << 30, AvailableBytes = (long)(8.90 * (1L << 30)) } });
        machine.Model = machine.Model! with { SizeBytes = (long)(25.03 * (1L << 30)) };

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "memory.model");

        Assert.Contains("8.90 GiB of 16.0 GiB available; the model is 25.0 GiB", result.Evidence, StringComparison.Ordinal);
        Assert.Contains("does not read ahead", result.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_notice_about_FlashAttention_2_on_compute_capability_7_5_is_no_problem()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());

        CheckResult result = await machine.RunAsync("gpu.attention");

        Assert.Equal(CheckStatus.Pass, result.Status);
        Assert.Contains("'Cannot use FA version 2 is not supported due to FA2 is only supported on devices with compute capability >= 8' is no fault", result.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_another_server_holds_is_named_with_its_holder()
    {
        using TcpListener other = new(IPAddress.Any, 0);
        other.Start();
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, ((IPEndPoint)other.LocalEndpoint).Port);

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "network.port-free");

        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), result.Evidence, StringComparison.Ordinal);
        Assert.True(result.Blocks);
    }

    [Fact]
    public async Task A_plugin_that_the_command_speaks_of_and_nobody_installed_is_named()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());
        Directory.Delete(machine.Files.Locate(PythonMachine.Packages + "/caovan_vllm_sm75_turbo3-0.4.13.dist-info"), recursive: true);
        machine.Read();
        machine.Config = machine.Config! with { EnginePath = machine.Engine!.Path };

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "python.plugin");

        Assert.Equal("the command speaks of a plugin that is not installed: caovan-vllm-sm75-turbo3", result.Message);
    }

    [Fact]
    public async Task The_plugin_installed_and_the_plain_program_started_is_named()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());
        machine.Read();
        machine.Config = machine.Config! with { EnginePath = machine.Engine!.Path };

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "python.plugin");

        Assert.EndsWith("bin/caovan-vllm-serve", result.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WSL_with_little_memory_is_named_and_its_line_about_pinned_memory_is_explained()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());
        machine.Host(host => host with { IsWsl = true, Memory = host.Memory with { TotalBytes = 16L << 30, AvailableBytes = 11L << 30 } });

        IReadOnlyList<CheckResult> complaints = await ComplaintsAsync(machine);

        Assert.Equal(["memory.model", "container.wsl", "network.wsl", "security.exposed-without-key"], complaints.Select(result => result.Id));
        Assert.Contains("'Using pin_memory=False as WSL is detected' is no fault", complaints[1].Why, StringComparison.Ordinal);
        Assert.Contains(".wslconfig", complaints[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python_3_10_0_is_named()
    {
        using CheckMachine machine = new();
        await SeedMachines.PluginAsync(machine, FreePorts.Next());
        foreach (string meta in Directory.EnumerateFiles(machine.Files.Locate("/home/me/miniconda3/envs/caovan-vllm/conda-meta")))
        {
            File.Move(meta, meta.Replace("3.10.20", "3.10.0", StringComparison.Ordinal));
        }

        machine.Read("caovan-vllm-serve");

        Assert.Contains(await ComplaintsAsync(machine), result => result is { Id: "python.version", Status: CheckStatus.Fail });
    }

    [Fact]
    public async Task A_library_that_was_installed_where_the_loader_does_not_look_is_found_with_the_commands_that_helped()
    {
        using CheckMachine machine = new();
        await SeedMachines.BuiltAsync(machine, FreePorts.Next(), "\tlibmtmd.so => not found");

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "engine.libraries");

        Assert.Equal("the loader does not find libmtmd.so", result.Message);
        Assert.Equal(["echo /usr/local/lib | sudo install -D -m 644 /dev/stdin /etc/ld.so.conf.d/llama.conf", "sudo ldconfig"], result.Commands.Select(command => command.Text));
    }

    [Fact]
    public async Task A_template_that_refuses_what_the_client_sends_is_named_with_the_one_that_accepts_it()
    {
        using CheckMachine machine = new();
        await SeedMachines.DockerAsync(machine, FreePorts.Next());
        string file = machine.Config!.Options.Values.Single(option => option.Key == "chatTemplateFile").Value.ToString()!;
        File.WriteAllText(file, File.ReadAllText(file).Replace("'system', 'developer'", "'system'", StringComparison.Ordinal));

        CheckResult result = (await ComplaintsAsync(machine)).Single(found => found.Id == "model.roles");

        Assert.Equal("the chat template does not accept developer", result.Message);
        Assert.Contains("--allow-role developer", result.Remedy, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<CheckResult>> ComplaintsAsync(CheckMachine machine) =>
        [.. (await new EnvironmentChecks().RunAsync(machine.Context, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken)).Where(result => result.Status is CheckStatus.Warn or CheckStatus.Fail)];
}
