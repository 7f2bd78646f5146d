namespace LlmOps.StandIns.Vllm;

/// <summary>Makes an environment as <c>python -m venv</c> and pip leave it, whose <c>vllm</c> is this stand-in.</summary>
internal static class FakeEnvironment
{
    /// <summary>Writes it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="withPlugin">Whether the plugin with the launcher <c>caovan-vllm-serve</c> is in it.</param>
    /// <param name="version">vLLM's version.</param>
    public static void Write(string folder, bool withPlugin, string version)
    {
        string packages = Path.Combine(folder, "lib", "python3.12", "site-packages");
        Directory.CreateDirectory(Path.Combine(folder, "bin"));
        File.WriteAllText(Path.Combine(folder, "pyvenv.cfg"), "home = /usr/bin\nversion = 3.12.3\n");
        foreach ((string name, string of) in new[] { ("vllm", version), ("torch", "2.9.0+cu128"), ("transformers", "5.1.0"), ("triton", "3.5.0") })
        {
            Distribution(packages, name, of);
        }

        Script(folder, "python", "echo 'the stand-in has no Python' >&2; exit 1");
        Script(folder, "vllm", $"VLLM_STAND_IN_VERSION={version} exec {Self()} \"$@\"");
        if (withPlugin)
        {
            Distribution(packages, "caovan_vllm_sm75_turbo3", "0.4.13");
            File.WriteAllText(Path.Combine(packages, "caovan_vllm_sm75_turbo3-0.4.13.dist-info", "entry_points.txt"), "[vllm.general_plugins]\ncaovan = caovan_vllm_sm75_turbo3:register\n");
            Script(folder, "caovan-vllm-serve", $"VLLM_STAND_IN_VERSION={version} exec {Self()} caovan-vllm-serve \"$@\"");
        }
    }

    private static void Distribution(string packages, string name, string version)
    {
        string info = Path.Combine(packages, $"{name}-{version}.dist-info");
        Directory.CreateDirectory(info);
        Directory.CreateDirectory(Path.Combine(packages, name));
        File.WriteAllText(Path.Combine(info, "METADATA"), $"Metadata-Version: 2.4\nName: {name.Replace('_', '-')}\nVersion: {version}\n");
    }

    private static void Script(string folder, string name, string command)
    {
        string file = Path.Combine(folder, "bin", name);
        File.WriteAllText(file, $"#!/bin/sh\n{command}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        }
    }

    // The library through the runtime that runs it now: PATH and DOTNET_ROOT need not lead to one where the script is run.
    private static string Self()
    {
        string library = Path.Combine(AppContext.BaseDirectory, "vllm-stand-in.dll");
        string runtime = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return $"'{runtime}' exec '{library}'";
    }
}
