using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Engines.Vllm;

/// <summary>Environments made of the files that conda, venv, uv and pip leave, without a Python in them.</summary>
public sealed class VllmDetectionTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("llmops-python").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task A_conda_environment_is_read_with_its_versions_and_plugins()
    {
        string environment = Conda("caovan-vllm");
        Install(environment, "3.10", ("vllm", "0.21.0"), ("torch", "2.9.0+cu130"), ("triton", "3.5.0"), ("transformers", "5.1.0"), ("flashinfer_python", "0.5.2"), ("caovan_vllm_sm75_turbo3", "0.4.13"), ("numpy", "2.2.0"));
        Script(environment, "caovan-vllm-serve");
        EntryPoints(environment, "3.10", "caovan_vllm_sm75_turbo3", "0.4.13", "[vllm.general_plugins]\ncaovan = caovan_vllm_sm75_turbo3:register\n");

        EngineCapabilities engine = Assert.Single(await FindAsync());

        Assert.Equal(Path.Combine(environment, "bin", "vllm"), engine.Path);
        Assert.Equal("0.21.0", engine.Version);
        Assert.Empty(engine.Problems);
        Assert.Equal(PythonEnvironmentKind.Conda, engine.Python!.Kind);
        Assert.Equal("3.10.20", engine.Python.PythonVersion);
        Assert.Equal("13.0", engine.Python.TorchCuda);
        Assert.Equal("0.5.2", engine.Python.VersionOf("flashinfer-python"));
        Assert.Null(engine.Python.VersionOf("numpy"));
        VllmPlugin plugin = Assert.Single(engine.Python.Plugins);
        Assert.Equal(("caovan-vllm-sm75-turbo3", "0.4.13"), (plugin.Name, plugin.Version));
        Assert.Equal(["vllm.general_plugins"], plugin.EntryPoints);
        Assert.Equal(Path.Combine(environment, "bin", "caovan-vllm-serve"), plugin.Launcher);
        Assert.NotNull(engine.Find("--mamba-cache-mode"));
        Assert.Null(engine.Find("--swap-space"));
    }

    [Fact]
    public async Task Venvs_uv_tools_the_system_and_a_script_on_PATH_are_found()
    {
        string venv = Venv(Path.Combine(_home, "work", ".venv"), "home = /usr/bin\nversion = 3.12.3\n");
        string uv = Venv(Path.Combine(_home, ".local", "share", "uv", "tools", "vllm"), "home = /usr/bin\nuv = 0.9.1\nversion_info = 3.11.9\n");
        string far = Venv(Path.Combine(_home, "far", "env"), "version = 3.12.0\n");
        string system = Path.Combine(_home, "usr");
        foreach (string folder in (string[])[venv, uv, far])
        {
            Install(folder, "3.12", ("vllm", "0.24.0"), ("torch", "2.9.0"), ("transformers", "5.1.0"));
        }

        Install(system, "3.13", ("vllm", "0.19.1"), ("torch", "2.8.0+cu128"), ("transformers", "4.57.0"));
        Directory.CreateDirectory(Path.Combine(_home, "tools"));
        string wrapper = Path.Combine(_home, "tools", "vllm");
        File.WriteAllText(wrapper, $"#!{far}/bin/python\nimport vllm\n");
        MakeExecutable(wrapper);

        IReadOnlyList<EngineCapabilities> engines = await FindAsync(path: Path.Combine(_home, "tools"));

        Assert.Equal([far, venv, uv, system], engines.Select(engine => engine.Python!.Folder));
        Assert.Equal([PythonEnvironmentKind.Venv, PythonEnvironmentKind.Venv, PythonEnvironmentKind.Uv, PythonEnvironmentKind.System], engines.Select(engine => engine.Python!.Kind));
        Assert.Equal(["3.12.0", "3.12.3", "3.11.9", "3.13"], engines.Select(engine => engine.Python!.PythonVersion));
    }

    [Theory]
    [InlineData("metadata", "half installed")]
    [InlineData("package", "its folder is gone")]
    [InlineData("torch", "torch, which vllm needs, is not installed")]
    [InlineData("python", "is gone")]
    [InlineData("script", "bin/vllm")]
    public async Task A_broken_environment_is_named_with_what_mends_it_and_no_plan_is_made_for_it(string broken, string said)
    {
        string environment = Conda("broken");
        Install(environment, "3.10", ("vllm", "0.21.0"), ("torch", "2.9.0"), ("transformers", "5.1.0"));
        string packages = Path.Combine(environment, "lib", "python3.10", "site-packages");
        switch (broken)
        {
            case "metadata": File.Delete(Path.Combine(packages, "vllm-0.21.0.dist-info", "METADATA")); break;
            case "package": Directory.Delete(Path.Combine(packages, "vllm"), recursive: true); break;
            case "torch": Directory.Delete(Path.Combine(packages, "torch-2.9.0.dist-info"), recursive: true); break;
            case "script": File.Delete(Path.Combine(environment, "bin", "vllm")); break;
            default:
                File.Delete(Path.Combine(environment, "bin", "python"));
                File.CreateSymbolicLink(Path.Combine(environment, "bin", "python"), "/nowhere/python3.10");
                break;
        }

        EngineCapabilities engine = Assert.Single(await FindAsync());

        Assert.Contains(engine.Problems, problem => problem.Contains(said, StringComparison.Ordinal));
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => new ServerPlanner((first, _) => first).Plan(new PlanRequest
        {
            Model = LlmOps.Models.ModelReader.Read((Planning.Vllm.KnownShapes.Llama8B with { Layers = 1 }).Write(Path.Combine(_home, "model"))),
            Topology = new GpuTopology(),
            Engine = engine,
        }));
        Assert.Equal("PythonEnvironmentBroken", error.ErrorId);
    }

    [Fact]
    public async Task The_first_environment_that_can_run_is_used()
    {
        string broken = Conda("a-broken");
        Install(broken, "3.10", ("vllm", "0.21.0"));
        string whole = Conda("b-whole");
        Install(whole, "3.10", ("vllm", "0.20.0"), ("torch", "2.9.0"), ("transformers", "5.1.0"));

        EngineCapabilities best = (await Locator(null).FindBestAsync(null, TestContext.Current.CancellationToken))!;

        Assert.Equal("0.20.0", best.Version);
    }

    [Fact]
    public void The_CUDA_of_torch_is_read_from_its_version_file_where_its_version_says_none()
    {
        Directory.CreateDirectory(Path.Combine(_home, "torch"));
        File.WriteAllText(Path.Combine(_home, "torch", "version.py"), "__version__ = '2.9.0'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n");

        Assert.Equal("12.8", TorchBuild.Cuda("2.9.0", _home));
        Assert.Equal("12.6", TorchBuild.Cuda("2.9.0+cu126", _home));
        Assert.Null(TorchBuild.Cuda("2.9.0+cpu", Path.Combine(_home, "nowhere")));
    }

    [Theory]
    [InlineData("0.17.0", "--swap-space", true)]
    [InlineData("0.18.0", "--swap-space", false)]
    [InlineData("0.14.0", "--mamba-cache-mode", false)]
    [InlineData("0.15.0", "--mamba-cache-mode", true)]
    [InlineData("0.27.0", "--no-enable-prefix-caching", true)]
    public void Versions_have_the_flags_that_they_have(string version, string flag, bool has) =>
        Assert.Equal(has, VllmFlags.Of(VllmVersion.Parse(version)!.Value).Any(known => known.Names.Contains(flag)));

    [Fact]
    public void Help_of_argparse_is_read()
    {
        IReadOnlyList<EngineFlag> flags = VllmHelp.Parse(
            """
            usage: vllm serve [model_tag] [options]

            options:
              --headless            Run in headless mode. (default: False)
              --tensor-parallel-size TENSOR_PARALLEL_SIZE, -tp TENSOR_PARALLEL_SIZE
                                    Number of tensor parallel groups.
              --dtype {auto,bfloat16,half}
                                    Data type
              --enable-prefix-caching, --no-enable-prefix-caching
                                    Whether to enable prefix caching.
            """);

        Assert.Equal(4, flags.Count);
        Assert.False(flags[0].TakesValue);
        Assert.Equal(["--tensor-parallel-size", "-tp"], flags[1].Names);
        Assert.True(flags[1].TakesValue);
        Assert.Equal(["auto", "bfloat16", "half"], flags[2].Choices);
        Assert.Equal(["--enable-prefix-caching", "--no-enable-prefix-caching"], flags[3].Names);
    }

    private Task<IReadOnlyList<EngineCapabilities>> FindAsync(string path = "/nowhere") => Locator(path).FindAsync(null, TestContext.Current.CancellationToken);

    private EngineLocator Locator(string? path) => new(new EngineLocatorOptions
    {
        Engine = "vllm",
        PathVariable = path ?? "/nowhere",
        CacheFolder = Path.Combine(_home, "cache"),
        Python = new PythonPlaces { Home = _home, WorkingFolder = Path.Combine(_home, "work"), SystemPrefixes = [Path.Combine(_home, "usr")], SharedCondaBases = [] },
    });

    private string Conda(string name)
    {
        string environment = Path.Combine(_home, "miniconda3", "envs", name);
        Directory.CreateDirectory(Path.Combine(environment, "conda-meta"));
        File.WriteAllText(Path.Combine(environment, "conda-meta", "python-3.10.20-h8_0_cpython.json"), "{}");
        return environment;
    }

    private static string Venv(string folder, string settings)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "pyvenv.cfg"), settings);
        return folder;
    }

    private static void Install(string environment, string python, params (string Name, string Version)[] packages)
    {
        string folder = Path.Combine(environment, "lib", "python" + python, environment.EndsWith("usr", StringComparison.Ordinal) ? "dist-packages" : "site-packages");
        foreach ((string name, string version) in packages)
        {
            string info = Path.Combine(folder, $"{name}-{version}.dist-info");
            Directory.CreateDirectory(info);
            Directory.CreateDirectory(Path.Combine(folder, name));
            File.WriteAllText(Path.Combine(info, "METADATA"), $"Metadata-Version: 2.4\nName: {name.Replace('_', '-')}\nVersion: {version}\n\nVersion: 9.9 in the description\n");
        }

        Script(environment, "vllm");
        Script(environment, "python");
    }

    private static void EntryPoints(string environment, string python, string name, string version, string text) =>
        File.WriteAllText(Path.Combine(environment, "lib", "python" + python, "site-packages", $"{name}-{version}.dist-info", "entry_points.txt"), text);

    private static void Script(string environment, string name)
    {
        Directory.CreateDirectory(Path.Combine(environment, "bin"));
        string file = Path.Combine(environment, "bin", name);
        File.WriteAllText(file, $"#!{environment}/bin/python\n");
        MakeExecutable(file);
    }

    private static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
