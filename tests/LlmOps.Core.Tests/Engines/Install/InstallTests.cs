using System.IO.Compression;
using System.Diagnostics;
using LlmOps.Engines;
using LlmOps.Engines.Install;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Engines.Install;

/// <summary>Installs that are carried out by stand-ins for compilers, Python and docker.</summary>
public sealed class InstallTests : IDisposable
{
    private readonly StandInTools _tools = new();

    public InstallTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The stand-ins are scripts for Linux.");

    public void Dispose() => _tools.Dispose();

    private EngineInstalls Installs => new(_tools.Below("state"));

    [Fact]
    public async Task A_build_is_recorded_found_by_the_locator_and_removed_without_a_trace()
    {
        _tools.Compiler();

        EngineInstall install = await InstallAsync(Build());

        Assert.Equal(("llama.cpp-mine", "b9021", InstallSource.Build), (install.Name, install.Version, install.Source));
        Assert.EndsWith("sources commit 666e2fc04", install.Origin, StringComparison.Ordinal);
        Assert.Equal(["llama-server"], install.Files);
        Assert.Equal(["bin", "install.json"], Directory.EnumerateFileSystemEntries(install.Folder!).Select(Path.GetFileName).Order());
        Assert.Contains(install.Commands, command => command.Contains("--target llama-server", StringComparison.Ordinal));
        EngineInstall listed = Assert.Single(Installs.List());
        Assert.Equal((install.Path, install.Origin, install.Commands.Count), (listed.Path, listed.Origin, listed.Commands.Count));
        EngineCapabilities? found = await new EngineLocator(Locator()).FindBestAsync(null, TestContext.Current.CancellationToken);
        Assert.Equal(install.Path, found?.Path);

        Assert.Null(await new EngineRemoval(Installs).RemoveAsync(install, force: false, TestContext.Current.CancellationToken));

        Assert.Empty(Installs.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(install.Folder)!));
        Assert.Null(await new EngineLocator(Locator()).FindBestAsync(null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Sources_without_their_history_have_the_version_that_was_named()
    {
        _tools.Compiler();
        File.WriteAllText(_tools.Below("server.sh"), "#!/bin/sh\n" + _tools.LlamaServer.Replace("9021 (666e2fc04)", "0 (unknown)", StringComparison.Ordinal));
        EngineInstall install = await InstallAsync(Build() with { Version = "b9021" });
        Assert.Equal(("b9021", _tools.Below("sources")), (install.Version, install.Origin));
    }

    [Fact]
    public async Task A_step_that_fails_is_named_with_its_own_words_and_leaves_nothing_but_its_log()
    {
        _tools.Compiler();
        _tools.Tool("cmake", "[ \"$1\" = --build ] || exit 0\nmkdir -p \"$2/bin\"\necho 'ggml.c:12: error: unknown type'\necho 'make: *** [all] Error 2' >&2\nexit 2");

        LlmOpsException problem = await Assert.ThrowsAnyAsync<LlmOpsException>(() => InstallAsync(Build()));

        string log = _tools.Below("state", "engines", "logs", "llama.cpp-mine.log");
        Assert.Equal($"step 2/5 of installing llama.cpp-mine (Compile) ended with exit code 2: ggml.c:12: error: unknown type; all that it printed is in {log}", problem.Message);
        Assert.Contains("make: *** [all] Error 2", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_tools.Below("data", "engines", "llama.cpp")));
        Assert.Empty(Installs.List());
    }

    [Fact]
    public async Task An_install_of_the_same_name_is_refused_unless_forced_and_a_failed_replacement_gives_the_old_one_back()
    {
        _tools.Compiler();
        EngineInstall first = await InstallAsync(Build());
        LlmOpsException exists = await Assert.ThrowsAnyAsync<LlmOpsException>(() => InstallAsync(Build()));
        Assert.Equal("EngineInstallExists", exists.ErrorId);

        _tools.Tool("cmake", "exit 9");
        await Assert.ThrowsAnyAsync<LlmOpsException>(() => InstallAsync(Build() with { Force = true }));
        Assert.True(File.Exists(first.Path));
        _tools.Compiler();
        EngineInstall second = await InstallAsync(Build() with { Force = true });
        Assert.Equal(first.Folder, second.Folder);
        Assert.Single(Installs.List());
    }

    [Fact]
    public async Task A_folder_of_others_is_neither_written_into_nor_removed()
    {
        _tools.Compiler();
        string theirs = _tools.Write("data/engines/llama.cpp/llama.cpp-mine/precious", "text");
        LlmOpsException problem = await Assert.ThrowsAnyAsync<LlmOpsException>(() => InstallAsync(Build() with { Force = true }));
        Assert.Contains("is not an install that this one may replace", problem.Message, StringComparison.Ordinal);

        EngineInstall forged = new() { Name = "x", Engine = "llama.cpp", Source = InstallSource.Build, Path = theirs, Folder = Path.GetDirectoryName(theirs), Origin = "" };
        Assert.Equal("EngineFolderNotOurs", (await Assert.ThrowsAsync<LlmOpsException>(() => new EngineRemoval(Installs).RemoveAsync(forged, force: true, TestContext.Current.CancellationToken))).ErrorId);
        Assert.True(File.Exists(theirs));
    }

    [Fact]
    public async Task An_engine_that_runs_is_not_removed()
    {
        _tools.Compiler();
        File.WriteAllText(_tools.Below("server.sh"), $"#!/bin/sh\n[ \"$1\" = --stay ] && {{ read line; exit 0; }}\n{_tools.LlamaServer}\n");
        EngineInstall install = await InstallAsync(Build());
        using Process running = Process.Start(new ProcessStartInfo(install.Path, ["--stay"]) { RedirectStandardInput = true })!;
        try
        {
            LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => new EngineRemoval(Installs).RemoveAsync(install, force: false, TestContext.Current.CancellationToken));
            Assert.Equal($"process {running.Id} runs from {install.Folder}; stop its server first, or remove it with force", problem.Message);
        }
        finally
        {
            running.StandardInput.Close();
            await running.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await new EngineRemoval(Installs).RemoveAsync(install, force: false, TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(install.Folder));
    }

    [Fact]
    public async Task A_server_on_PATH_that_does_not_run_is_passed_over_and_named_and_refused_where_it_is_the_only_one()
    {
        _tools.Compiler();
        string path = _tools.Below("broken");
        string broken = Path.Combine(Directory.CreateDirectory(path).FullName, "llama-server");
        File.WriteAllText(broken, "#!/bin/sh\necho 'error while loading shared libraries: libmtmd.so' >&2\nexit 127\n");
        File.SetUnixFileMode(broken, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        EngineLocator locator = new(Locator() with { PathVariable = path });

        LlmOpsException alone = await Assert.ThrowsAsync<LlmOpsException>(() => locator.FindBestAsync(null, TestContext.Current.CancellationToken));
        EngineInstall install = await InstallAsync(Build());
        EngineCapabilities? best = await locator.FindBestAsync(null, TestContext.Current.CancellationToken);

        Assert.Contains("libmtmd.so", alone.Message, StringComparison.Ordinal);
        Assert.Equal(install.Path, best?.Path);
        Assert.Contains("libmtmd.so", Assert.Single(best!.PassedOver), StringComparison.Ordinal);
        Assert.Equal([broken, install.Path], (await locator.FindAsync(null, TestContext.Current.CancellationToken)).Where(engine => engine.Engine == "llama.cpp").Select(engine => engine.Path));
    }

    [Fact]
    public async Task Vllm_gets_an_environment_of_its_own_with_a_plugin_and_what_is_in_it_is_noted_pinned()
    {
        _tools.Python();
        string plugin = _tools.Below("plugin.zip");
        using (ZipArchive zip = ZipFile.Open(plugin, ZipArchiveMode.Create))
        {
            zip.CreateEntry("p/README.md");
            zip.CreateEntry("p/dist/caovan_vllm_sm75_turbo3-0.4.13-py3-none-any.whl");
        }

        EngineInstall install = await InstallAsync(Vllm() with { Version = "0.21.0", Plugin = plugin, Requirements = ["transformers==5.1.0"] });

        Assert.Equal(("vllm-mine", "0.21.0", InstallSource.Pip), (install.Name, install.Version, install.Source));
        Assert.Equal(["torch==2.9.0", "vllm==0.21.0"], install.Files);
        string wheels = _tools.Below("wheels");
        string[] calls = [.. _tools.Calls.Where(call => call.Contains("-m pip", StringComparison.Ordinal)).Select(call => call[call.IndexOf("-m pip", StringComparison.Ordinal)..])];
        Assert.Equal(
            [
                $"-m pip install vllm==0.21.0 transformers==5.1.0 --no-index --find-links {wheels}",
                $"-m pip install --force-reinstall --no-deps {install.Folder}/plugin/p/dist/caovan_vllm_sm75_turbo3-0.4.13-py3-none-any.whl",
                "-m pip freeze",
            ],
            calls);
        EngineCapabilities engine = Assert.Single(await new EngineLocator(Locator() with { Engine = "vllm" }).FindAsync(null, TestContext.Current.CancellationToken));
        Assert.Equal((install.Path, "0.21.0"), (engine.Path, engine.Version));
        Assert.Empty(engine.Problems);

        await new EngineRemoval(Installs).RemoveAsync(install, force: false, TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(install.Folder));
    }

    [Fact]
    public async Task What_pip_cannot_find_is_said_in_its_own_words_and_no_environment_stays()
    {
        _tools.Python();
        LlmOpsException problem = await Assert.ThrowsAnyAsync<LlmOpsException>(() => InstallAsync(Vllm() with { Requirements = ["broken==1"] }));
        Assert.Contains("(Install vLLM 0.27.0) ended with exit code 1: ERROR: No matching distribution found for broken==1; all that", problem.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_tools.Below("data", "engines", "vllm")));
    }

    [Fact]
    public async Task An_image_is_pulled_noted_by_its_digest_and_removed_only_when_it_was_pulled_for_this()
    {
        string docker = _tools.Tool("docker", $$"""
            case "$1 $2" in
              "version --format") echo 28.1 ;;
              "image inspect") [ -e '{{_tools.Below("pulled")}}' ] || exit 1; echo 'sha256:aa ghcr.io/x@sha256:bb' ;;
              pull*) : > '{{_tools.Below("pulled")}}' ;;
            esac
            """);
        EngineInstallRequest request = _tools.Request("llama.cpp", InstallSource.Docker, Machines.Nvidia("13.0", "8.9")) with { Version = "b6123" };
        EngineInstaller installer = new(request);
        EngineInstallPlan plan = await installer.PlanAsync(TestContext.Current.CancellationToken);
        Assert.Equal("ghcr.io/ggml-org/llama.cpp:server-cuda-b6123", plan.Origin);
        plan = plan with { Problem = null }; // Whether GitHub's registry can be reached is not what is tested.

        EngineInstall install = await installer.InstallAsync(plan, null, TestContext.Current.CancellationToken);

        Assert.Equal("docker:ghcr.io/ggml-org/llama.cpp:server-cuda-b6123", install.Path);
        Assert.Equal(["sha256:aa", "ghcr.io/x@sha256:bb"], install.Files);
        Assert.Contains("docker pull ghcr.io/ggml-org/llama.cpp:server-cuda-b6123", _tools.Calls);
        LlmOpsException here = await Assert.ThrowsAnyAsync<LlmOpsException>(() => new EngineInstaller(request with { StateFolder = _tools.Below("other") }).InstallAsync(plan, null, TestContext.Current.CancellationToken));
        Assert.Equal("EngineInstallExists", here.ErrorId);
        Assert.True(File.Exists(docker));
    }

    [Fact]
    public async Task An_image_that_cannot_be_noted_does_not_stay()
    {
        _tools.Tool("docker", "case \"$1 $2\" in \"version --format\") echo 28.1 ;; \"image inspect\") echo 'template parsing error' >&2; exit 1 ;; esac");
        EngineInstaller installer = new(_tools.Request("llama.cpp", InstallSource.Docker, Machines.Blank) with { Image = "127.0.0.1:1/mine:1" });
        EngineInstallPlan plan = await installer.PlanAsync(TestContext.Current.CancellationToken) with { Problem = null };
        LlmOpsException problem = await Assert.ThrowsAnyAsync<LlmOpsException>(() => installer.InstallAsync(plan, null, TestContext.Current.CancellationToken));
        Assert.Contains("(Note the digest that was pulled) ended with exit code 1: template parsing error", problem.Message, StringComparison.Ordinal);
        Assert.Equal(["docker pull 127.0.0.1:1/mine:1", "docker image rm 127.0.0.1:1/mine:1"], _tools.Calls.Where(call => call.Contains("pull", StringComparison.Ordinal) || call.Contains(" rm ", StringComparison.Ordinal)));
        Assert.Empty(Installs.List());
    }

    [Fact]
    public void A_name_that_no_install_has_is_answered_with_the_nearest()
    {
        Installs.Add(new EngineInstall { Name = "llama.cpp-mine", Engine = "llama.cpp", Source = InstallSource.Docker, Path = "docker:x", Origin = "x" });
        Assert.Equal("there is no install 'llama.cpp-mien'; did you mean 'llama.cpp-mine'?", Assert.Throws<LlmOpsException>(() => Installs.Find("llama.cpp-mien")).Message);
        Assert.Single(Installs.Find("llama*"));
        Assert.Empty(Installs.Find("vllm*"));
    }

    private EngineLocatorOptions Locator() => new()
    {
        PathVariable = _tools.Below("empty"),
        CacheFolder = _tools.Below("cache"),
        StateFolder = _tools.Below("state"),
        Python = new PythonPlaces { Home = _tools.Below("home"), WorkingFolder = _tools.Below("work"), SystemPrefixes = [], SharedCondaBases = [] },
    };

    private EngineInstallRequest Build() => _tools.Request("llama.cpp", InstallSource.Build, Machines.Blank) with
    {
        Name = "llama.cpp-mine",
        SourcePath = Path.GetDirectoryName(_tools.Write("sources/CMakeLists.txt", "")),
    };

    private EngineInstallRequest Vllm() => _tools.Request("vllm", InstallSource.Pip, Machines.Nvidia("13.0", "8.9")) with
    {
        Name = "vllm-mine",
        SourcePath = Path.GetDirectoryName(_tools.Write("wheels/readme", "")),
    };

    private static async Task<EngineInstall> InstallAsync(EngineInstallRequest request)
    {
        EngineInstaller installer = new(request);
        return await installer.InstallAsync(await installer.PlanAsync(TestContext.Current.CancellationToken), null, TestContext.Current.CancellationToken);
    }
}
