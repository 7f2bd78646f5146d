using LlmOps.Engines.Install;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Engines.Install;

public sealed class InstallPlanTests : IDisposable
{
    private readonly StandInTools _tools = new();

    public InstallPlanTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The stand-ins are scripts for Linux.");

    public void Dispose() => _tools.Dispose();

    [Fact]
    public async Task A_build_for_cuda_names_the_architectures_of_the_cards_the_toolkit_and_its_library_path()
    {
        _tools.Compiler();
        string nvcc = _tools.Tool("nvcc", "echo 'Cuda compilation tools, release 12.4, V12.4.99'");

        EngineInstallPlan plan = await PlanAsync(Build(Machines.Nvidia("13.0", "8.9", "7.5", "8.9")));

        string[] configure = [.. Step(plan, "Configure")];
        Assert.Contains("-DGGML_CUDA=ON", configure);
        Assert.Contains("-DCMAKE_CUDA_ARCHITECTURES=75;89", configure);
        Assert.Contains($"-DCMAKE_CUDA_COMPILER={nvcc}", configure);
        Assert.Contains($"-DCMAKE_INSTALL_RPATH=$ORIGIN;{_tools.Below()}/lib64", configure);
        Assert.Contains("-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON", configure);
        Assert.Contains("-DCMAKE_EXE_LINKER_FLAGS=-pthread", configure);
        Assert.Contains($"CUDACXX={nvcc}", configure);
        Assert.Equal(["env", "-i"], configure[..2]);
        Assert.Equal("7", Step(plan, "Compile")[Step(plan, "Compile").IndexOf("-j") + 1]);
        Assert.Null(plan.Problem);
    }

    [Theory]
    [InlineData("13.1", "6.1", "compute capability 6.1 needs a toolkit of 8.0 to 12.9")]
    [InlineData("12.4", "12.0", "compute capability 12.0 needs a toolkit of 12.8 or newer")]
    [InlineData("11.4", "8.9", "compute capability 8.9 needs a toolkit of 11.8 or newer")]
    public async Task A_toolkit_that_cannot_compile_for_a_card_is_named_before_anything_is_fetched(string release, string capability, string said)
    {
        _tools.Compiler();
        _tools.Tool("nvcc", $"echo 'release {release}, V1'");
        Assert.EndsWith(said, (await PlanAsync(Build(Machines.Nvidia("13.0", capability)))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_nvidia_cards_without_a_toolkit_and_docker_the_plan_says_why_and_takes_vulkan()
    {
        Assert.SkipWhen(File.Exists("/usr/local/cuda/bin/nvcc"), "This machine has a toolkit.");
        _tools.Compiler();
        _tools.Tool("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");

        EngineInstallRequest request = _tools.Request("llama.cpp", null, Machines.Nvidia("13.0", "8.9"));
        request = request with { SourcePath = _tools.Below("sources"), ReleaseApi = new Uri("http://127.0.0.1:1/") };
        LlmOpsException failure = await Assert.ThrowsAnyAsync<LlmOpsException>(() => PlanAsync(request with { Backend = EngineBackend.Cuda }));

        Assert.Equal(
            "no source of llama.cpp can be used here: Build: there is no CUDA toolkit (nvcc is neither on PATH nor in /usr/local/cuda/bin); Docker: docker does not answer: Cannot connect to the Docker daemon",
            failure.Message);
        Assert.Equal(
            [(InstallSource.Build, EngineBackend.Cuda), (InstallSource.Docker, EngineBackend.Cuda), (InstallSource.Package, EngineBackend.Vulkan), (InstallSource.Release, EngineBackend.Vulkan), (InstallSource.Docker, EngineBackend.Vulkan), (InstallSource.Build, EngineBackend.Vulkan)],
            InstallSources.For(request, request.Topology!).Select(way => (way.Source.Source, way.Backend)));
    }

    [Theory]
    [InlineData(GpuVendor.Amd, EngineBackend.Vulkan)]
    [InlineData(GpuVendor.Intel, EngineBackend.Vulkan)]
    [InlineData(GpuVendor.Software, EngineBackend.Cpu)]
    public void Other_machines_get_packages_first(GpuVendor vendor, EngineBackend backend)
    {
        GpuTopology topology = Machines.Of(null, (vendor, null));
        (IInstallSource source, EngineBackend chosen) = InstallSources.For(_tools.Request("llama.cpp", null, topology), topology)[0];
        Assert.Equal((InstallSource.Package, backend), (source.Source, chosen));
    }

    [Theory]
    [InlineData("7.5", "13.0", "0.21.0", "vllm==0.21.0", "https://download.pytorch.org/whl/cu130")]
    [InlineData("8.9", "13.0", "0.27.0", "vllm==0.27.0", "https://download.pytorch.org/whl/cu130")]
    [InlineData("8.9", "12.4", "0.27.0", "vllm==0.27.0+cu129", "https://wheels.vllm.ai/0.27.0/cu129 https://download.pytorch.org/whl/cu129")]
    public async Task Vllm_is_pinned_to_what_the_cards_and_the_driver_run(string capability, string driver, string version, string requirement, string indexes)
    {
        _tools.Python();
        EngineInstallPlan plan = await PlanAsync(_tools.Request("vllm", InstallSource.Pip, Machines.Nvidia(driver, capability)) with { Index = "http://127.0.0.1:1/simple" });

        List<string> install = Step(plan, $"Install vLLM {version}");
        Assert.Contains(requirement, install);
        Assert.Equal(indexes.Split(' '), install.Where((_, at) => at > 0 && install[at - 1] == "--extra-index-url"));
        Assert.Equal(version, plan.Version);
        Assert.StartsWith("127.0.0.1:1 cannot be reached: ", plan.Problem, StringComparison.Ordinal);
        Assert.Equal(plan.Problem, plan.Sources[0].Problem);
    }

    [Fact]
    public async Task A_version_of_the_twelves_is_had_from_pypi_alone()
    {
        _tools.Python();
        EngineInstallPlan plan = await PlanAsync(_tools.Request("vllm", InstallSource.Pip, Machines.Nvidia("12.8", "8.6")) with { Version = "0.11.2", Index = "http://127.0.0.1:1" });
        Assert.Contains("vllm==0.11.2", Step(plan, "Install vLLM 0.11.2"));
        Assert.Contains("the driver runs CUDA 12.8, which covers vLLM 0.11.2's default wheels for 12.9", plan.Reasons);
    }

    [Fact]
    public async Task Uv_is_used_where_it_is_there()
    {
        _tools.Tool("uv");
        EngineInstallPlan plan = await PlanAsync(_tools.Request("vllm", InstallSource.Pip, Machines.Nvidia("12.4", "8.9"), withSystem: false) with { Index = "http://127.0.0.1:1" });
        Assert.Equal([_tools.Below("bin", "uv"), "venv", "--seed", "--python", "3.12", plan.Folder!], Step(plan, "Make an environment"));
        Assert.Contains("unsafe-best-match", Step(plan, "Install vLLM 0.27.0"));
    }

    [Fact]
    public async Task A_blank_machine_is_given_what_is_missing_by_apt_first()
    {
        _tools.Tool("apt-get");
        _tools.Tool("sudo");
        EngineInstallPlan plan = await PlanAsync(_tools.Request("llama.cpp", InstallSource.Build, Machines.Blank, withSystem: false) with { SourcePath = Sources() });
        Assert.Equal(["build-essential", "cmake"], plan.SystemPackages);
        Assert.Equal(["apt-get", "install", "-y", "--no-install-recommends", "build-essential", "cmake"], Step(plan, "Install what is needed").SkipWhile(word => word == "sudo"));
        Assert.True(plan.Steps[0].ChangesSystem && plan.Steps[1].ChangesSystem && !plan.Steps[2].ChangesSystem);
        Assert.Null(plan.Problem);
    }

    [Fact]
    public async Task What_is_missing_is_named_where_the_system_is_to_be_left_alone_or_has_no_apt()
    {
        EngineInstallRequest request = _tools.Request("llama.cpp", InstallSource.Build, Machines.Blank, withSystem: false) with { SourcePath = Sources() };
        Assert.Equal("g++, make or ninja, cmake missing, and there is no apt-get to install them", (await PlanAsync(request)).Problem);
        Assert.Equal(
            "g++, make or ninja, cmake missing (apt-get install build-essential cmake), and packages of the system are to be left alone",
            (await PlanAsync(request with { SkipPrerequisites = true })).Problem);
    }

    [Fact]
    public async Task A_python_without_venv_is_given_it_and_a_wrong_python_is_refused()
    {
        _tools.Python(hasVenv: false);
        _tools.Tool("apt-get");
        _tools.Tool("sudo");
        EngineInstallRequest request = _tools.Request("vllm", InstallSource.Pip, Machines.Nvidia("13.0", "8.9"), withSystem: false) with { Index = "http://127.0.0.1:1" };
        Assert.Equal(["python3-venv"], (await PlanAsync(request)).SystemPackages);

        _tools.Tool("python3.9", "echo 'Python 3.9.2'");
        Assert.Equal($"{_tools.Below("bin", "python3.9")} is Python 3.9, and vLLM's wheels are for 3.10 to 3.13; name another Python", (await PlanAsync(request with { Python = "python3.9" })).Problem);
    }

    [Fact]
    public async Task What_an_engine_cannot_be_had_from_is_refused_with_what_it_can()
    {
        Assert.Equal(
            "vllm cannot be installed from Package; use one of Pip, Docker",
            (await Assert.ThrowsAsync<LlmOpsException>(() => PlanAsync(_tools.Request("vllm", InstallSource.Package, Machines.Blank)))).Message);
        Assert.Equal(
            "llama.cpp for Cuda cannot be had from Release; name another source or backend",
            (await Assert.ThrowsAsync<LlmOpsException>(() => PlanAsync(_tools.Request("llama.cpp", InstallSource.Release, Machines.Blank) with { Backend = EngineBackend.Cuda }))).Message);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData(".x")]
    [InlineData("a b")]
    public async Task A_name_that_is_no_folder_name_is_refused(string name)
    {
        _tools.Compiler();
        LlmOpsException problem = await Assert.ThrowsAnyAsync<LlmOpsException>(() => PlanAsync(Build(Machines.Blank) with { Name = name }));
        Assert.StartsWith($"'{name}' cannot be the name of an install", problem.Message, StringComparison.Ordinal);
    }

    private static Task<EngineInstallPlan> PlanAsync(EngineInstallRequest request) => new EngineInstaller(request).PlanAsync(TestContext.Current.CancellationToken);

    private static List<string> Step(EngineInstallPlan plan, string what) => [.. plan.Steps.Single(step => step.What == what).Command!];

    private EngineInstallRequest Build(GpuTopology topology) => _tools.Request("llama.cpp", InstallSource.Build, topology) with { SourcePath = Sources() };

    private string Sources() => Path.GetDirectoryName(_tools.Write("sources/CMakeLists.txt", ""))!;
}
