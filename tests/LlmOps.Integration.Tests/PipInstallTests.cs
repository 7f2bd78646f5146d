using System.IO.Compression;
using LlmOps.Engines;
using LlmOps.Engines.Install;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Integration.Tests;

/// <summary>Installs wheels that stand in for vLLM and what it needs, by the real venv and pip of this machine, without a network.</summary>
public sealed class PipInstallTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-pip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Real_pip_makes_an_environment_that_runs_is_found_and_is_removed()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        EngineInstallRequest request = new()
        {
            Engine = "vllm",
            Source = InstallSource.Pip,
            Backend = EngineBackend.Cuda,
            Version = "0.21.0",
            SourcePath = Below("wheels"),
            Plugin = Below("plugin.zip"),
            SkipPrerequisites = true,
            StateFolder = Below("state"),
            DataFolder = Below("data"),
            Topology = new GpuTopology { Host = new HostInfo() },
        };
        Wheel("wheels", "torch", "2.9.0");
        Wheel("wheels", "transformers", "5.1.0");
        Wheel("wheels", "vllm", "0.21.0", needs: ["torch==2.9.0", "transformers>=5"], entryPoints: "[console_scripts]\nvllm = vllm:main\n");
        Wheel("plugin", "caovan_vllm_sm75_turbo3", "0.4.13", needs: ["torch==1.0"], entryPoints: "[vllm.general_plugins]\ncaovan = caovan_vllm_sm75_turbo3:main\n");
        using (ZipArchive zip = ZipFile.Open(request.Plugin, ZipArchiveMode.Create))
        {
            zip.CreateEntryFromFile(Directory.EnumerateFiles(Below("plugin")).Single(), "caovan-v0.4.13/dist/caovan_vllm_sm75_turbo3-0.4.13-py3-none-any.whl");
        }

        EngineInstaller installer = new(request);
        EngineInstallPlan plan = await installer.PlanAsync(stop);
        Assert.SkipWhen(plan.Problem is not null, $"no Python that can make environments: {plan.Problem}");

        EngineInstall install = await installer.InstallAsync(plan, null, stop);

        Assert.Equal("0.21.0", install.Version);
        Assert.Contains("torch==2.9.0", install.Files);
        Assert.Contains("vllm==0.21.0", install.Files);
        Assert.Equal("vllm 0.21.0 runs\n", (await ProcessRunner.RunAsync(new ProcessRequest(install.Path, []), stop)).StandardOutput);
        EngineLocatorOptions options = new()
        {
            Engine = "vllm",
            PathVariable = Below("empty"),
            StateFolder = Below("state"),
            CacheFolder = Below("cache"),
            Python = new PythonPlaces { Home = Below("home"), WorkingFolder = Below("work"), SystemPrefixes = [], SharedCondaBases = [] },
        };
        EngineCapabilities found = (await new EngineLocator(options).FindBestAsync(null, stop))!;
        Assert.Equal(install.Path, found.Path);
        Assert.Empty(found.Problems);
        Assert.Equal("2.9.0", found.Python!.VersionOf("torch")); // The plugin asked for another one and was not given it.
        Assert.Equal("caovan-vllm-sm75-turbo3", Assert.Single(found.Python.Plugins).Name);

        await new EngineRemoval(new EngineInstalls(Below("state"))).RemoveAsync(install, force: false, stop);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Below("data", "engines", "vllm")));
    }

    private string Below(params string[] parts) => Path.Combine([_folder, .. parts]);

    // packaging.python.org, binary distribution format.
    private void Wheel(string folder, string name, string version, string[]? needs = null, string entryPoints = "")
    {
        Directory.CreateDirectory(Below(folder));
        using ZipArchive wheel = ZipFile.Open(Below(folder, $"{name}-{version}-py3-none-any.whl"), ZipArchiveMode.Create);
        string info = $"{name}-{version}.dist-info";
        (string Path, string Text)[] files =
        [
            ($"{name}/__init__.py", $"def main():\n    print('{name} {version} runs')\n"),
            ($"{info}/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{string.Concat((needs ?? []).Select(need => $"Requires-Dist: {need}\n"))}"),
            ($"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            ($"{info}/entry_points.txt", entryPoints),
        ];
        string record = string.Concat(files.Select(file => $"{file.Path},,\n")) + $"{info}/RECORD,,\n";
        foreach ((string path, string text) in files.Append(($"{info}/RECORD", record)))
        {
            using StreamWriter writer = new(wheel.CreateEntry(path).Open());
            writer.Write(text);
        }
    }
}
