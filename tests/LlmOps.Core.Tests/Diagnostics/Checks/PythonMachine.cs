using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Configuration;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Environments of Python on a machine that checks look at, made of the files that conda and pip leave.</summary>
internal static class PythonMachine
{
    /// <summary>The folder of packages below an environment's.</summary>
    public const string Packages = "/home/me/miniconda3/envs/caovan-vllm/lib/python3.10/site-packages";

    private const string Folder = "/home/me/miniconda3/envs/caovan-vllm";

    /// <summary>Writes a conda environment and makes its vLLM the engine.</summary>
    public static void Install(this CheckMachine machine, params (string Name, string Version)[] packages) => machine.InstallWith("3.10.20", packages);

    /// <summary>The same with a version of Python.</summary>
    public static void InstallWith(this CheckMachine machine, string python, params (string Name, string Version)[] packages)
    {
        machine.Files.Write($"{Folder}/conda-meta/python-{python}-h8_0_cpython.json", "{}").Write($"{Folder}/include/python3.10/Python.h", "").Write($"{Folder}/bin/python", "").Write($"{Folder}/bin/vllm", "");
        foreach ((string name, string version) in packages)
        {
            machine.Package(name, version);
        }

        machine.Read();
    }

    /// <summary>Writes a package; its metadata may say more.</summary>
    public static void Package(this CheckMachine machine, string name, string version, string more = "") =>
        machine.Files.Write($"{Packages}/{name}-{version}.dist-info/METADATA", $"Metadata-Version: 2.4\nName: {name.Replace('_', '-')}\nVersion: {version}\n{more}\n\nText\n").Write($"{Packages}/{name}/__init__.py", $"__version__ = \"{version}\"\n");

    /// <summary>Reads the environment anew, as the locator does.</summary>
    public static void Read(this CheckMachine machine, string program = "vllm")
    {
        (PythonEnvironment environment, IReadOnlyList<string> problems) = EnvironmentReader.Read(machine.Files.Locate(Folder));
        machine.Engine = new EngineCapabilities
        {
            Engine = EngineNames.Vllm, Path = machine.Files.Locate($"{Folder}/bin/{program}"), Version = environment.VersionOf("vllm"), Flags = VllmFlags.OfNewest, Python = environment, Problems = problems,
        };
    }

    /// <summary>The seed's environment: vLLM 0.21.0 on CUDA 13.0, with the plugin and its launcher.</summary>
    public static void Caovan(this CheckMachine machine, string toolkit = "13.0")
    {
        machine.Files.Write($"{Folder}/bin/caovan-vllm-serve", "#!/bin/sh\n");
        machine.Install(("vllm", "0.21.0"), ("torch", "2.9.0+cu130"), ("triton", "3.5.0"), ("transformers", "5.1.0"), ("flashinfer_python", "0.5.2"), ("caovan_vllm_sm75_turbo3", "0.4.13"));
        machine.Files.Write($"{Packages}/caovan_vllm_sm75_turbo3-0.4.13.dist-info/entry_points.txt", "[vllm.general_plugins]\ncaovan = caovan_vllm_sm75_turbo3:register\n");
        machine.Read("caovan-vllm-serve");
        machine.Toolkit(toolkit);
        machine.Program("gcc", "11");
        machine.Program("g++", "11");
    }

    /// <summary>A CUDA toolkit in its usual place.</summary>
    public static void Toolkit(this CheckMachine machine, string version, int newestGcc = 15)
    {
        machine.Files.Write("/usr/local/cuda/include/crt/host_config.h", $"#if __GNUC__ > {newestGcc}\n#error -- unsupported GNU version! gcc versions later than {newestGcc} are not supported! The nvcc flag '-allow-unsupported-compiler' can be used\n");
        machine.Files.Write("/usr/local/cuda/bin/nvcc", $"#!/bin/sh\necho 'nvcc: NVIDIA (R) Cuda compiler driver'\necho 'Cuda compilation tools, release {version}, V{version}.48'\n");
        File.SetUnixFileMode(machine.Files.Locate("/usr/local/cuda/bin/nvcc"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
