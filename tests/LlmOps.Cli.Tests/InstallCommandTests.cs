using System.Text.Json;

namespace LlmOps.Cli.Tests;

public sealed class InstallCommandTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public InstallCommandTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The stand-ins are scripts for Linux.");
        _sandbox.Environment["XDG_DATA_HOME"] = _sandbox.PathOf("data");
        Directory.CreateDirectory(_sandbox.PathOf("bin"));
        _sandbox.Environment["PATH"] = $"{_sandbox.PathOf("bin")}:/usr/bin:/bin";
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task What_if_prints_numbered_steps_and_does_nothing()
    {
        Compiler();
        Outcome outcome = await _sandbox.RunAsync("install", "--source", "build", "--backend", "cpu", "--source-path", Sources(), "--what-if");
        Assert.Equal(0, outcome.ExitCode);
        string[] lines = outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith($"llama.cpp (the newest) for Cpu from {Sources()} into {_sandbox.PathOf("data")}/llmops/engines/llama.cpp/llama.cpp-master-build-cpu", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.StartsWith("  1. Configure: env -i PATH=", StringComparison.Ordinal));
        Assert.False(Directory.Exists(_sandbox.PathOf("data")));
    }

    [Fact]
    public async Task An_engine_is_installed_listed_used_and_uninstalled()
    {
        Compiler();
        Outcome installed = await _sandbox.RunAsync("install", "llama.cpp", "--source", "build", "--backend", "cpu", "--source-path", Sources(), "--name", "mine", "--json");
        Assert.Equal((0, "mine", "build"), (installed.ExitCode, installed.Json.GetProperty("name").GetString(), installed.Json.GetProperty("source").GetString()));
        Assert.Equal("1/5 Configure\n2/5 Compile\n3/5 Keep the programs and their libraries\n4/5 Remove what compiling left\n5/5 Start it once\n", installed.Error);
        string path = installed.Json.GetProperty("path").GetString()!;

        Outcome found = await _sandbox.RunAsync("engine", "--path-only");
        Assert.Equal(path, found.Output.Trim());
        JsonElement listed = (await _sandbox.RunAsync("install", "--list", "--json")).Json;
        Assert.Equal(path, listed[0].GetProperty("path").GetString());

        Assert.Equal(2, (await _sandbox.RunAsync("install", "--source", "build", "--backend", "cpu", "--source-path", Sources(), "--name", "mine")).ExitCode);
        Assert.Contains("would remove mine", (await _sandbox.RunAsync("uninstall", "mine", "--what-if")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _sandbox.RunAsync("uninstall", "mi*")).ExitCode);
        Assert.False(File.Exists(path));
        Assert.Contains("nothing was installed by LlmOps", (await _sandbox.RunAsync("uninstall", "mine")).OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_out_of_reach_is_named_shown_and_not_tried()
    {
        Outcome shown = await _sandbox.RunAsync("install", "vllm", "--source", "docker", "--backend", "cuda", "--version", "0.21.0", "--what-if", "--json");
        _sandbox.Environment["LLMOPS_DOCKER"] = "no-such-docker";
        Outcome without = await _sandbox.RunAsync("install", "vllm", "--source", "docker", "--backend", "cuda", "--version", "0.21.0", "--what-if", "--json");
        Assert.Equal(1, without.ExitCode);
        Assert.Equal("neither docker nor podman is on PATH", without.Json.GetProperty("problem").GetString());
        Assert.Equal("vllm/vllm-openai:v0.21.0", shown.Json.GetProperty("origin").GetString());
        Outcome tried = await _sandbox.RunAsync("install", "vllm", "--source", "docker", "--backend", "cuda");
        Assert.Equal((2, "llmops: vllm cannot be installed from Docker here: neither docker nor podman is on PATH"), (tried.ExitCode, tried.OneLineError()));
    }

    [Fact]
    public async Task A_plan_for_another_machine_is_only_a_plan()
    {
        Outcome outcome = await _sandbox.RunAsync("install", "vllm", "--topology", "machine.json");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--topology plans for another machine and needs --what-if", outcome.OneLineError(), StringComparison.Ordinal);
    }

    private string Sources()
    {
        Directory.CreateDirectory(_sandbox.PathOf("sources"));
        _sandbox.WriteFile("sources/CMakeLists.txt", "");
        return _sandbox.PathOf("sources");
    }

    private void Compiler()
    {
        string server = _sandbox.WriteFile("server", "#!/bin/sh\ncase \"$1\" in --version) echo 'version: 9021 (666e2fc04)' ;; *) printf '%s\\n' '-c,    --ctx-size N    size' '--port PORT    port' ;; esac\n");
        Tool("g++", "exit 0");
        Tool("make", "exit 0");
        Tool("cmake", $"[ \"$1\" = --build ] || exit 0\nmkdir -p \"$2/bin\" && cp '{server}' \"$2/bin/llama-server\" && chmod +x \"$2/bin/llama-server\"");
    }

    private void Tool(string name, string script)
    {
        string path = _sandbox.WriteFile($"bin/{name}", $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
    }
}
