using System.Globalization;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

/// <summary>Gives a sandbox a driver with GPUs: a stand-in for NVIDIA's library that the command loads like the real one.</summary>
internal static class StandInDriver
{
    private static readonly Lazy<Task<string>> Library = new(BuildAsync);

    /// <summary>Puts the library and what it answers where the command's loader looks first.</summary>
    public static async Task InstallAsync(Sandbox sandbox, int cards)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the stand-in for NVML is built for Linux");
        Assert.SkipWhen(ExecutableFinder.Find("cc") is null, "the stand-in for NVML needs a C compiler (cc) on PATH");
        Assert.SkipWhen(File.Exists("/usr/lib/wsl/lib/libnvidia-ml.so.1"), "under WSL its own library comes first");
        string folder = sandbox.PathOf("driver");
        Directory.CreateDirectory(folder);
        File.Copy(await Library.Value, Path.Combine(folder, "libnvidia-ml.so.1"));
        string answers = string.Create(CultureInfo.InvariantCulture, $"driver=580.65.06\nnvml=13.580.65.06\ncuda=13000\ncount={cards}\n");
        for (int index = 0; index < cards; index++)
        {
            answers += string.Create(CultureInfo.InvariantCulture, $"""
                gpu{index}.name=NVIDIA GeForce RTX 2080 Ti
                gpu{index}.uuid=GPU-{index:d8}-0000-4000-8000-000000000000
                gpu{index}.pci=0000FFFF:0{index}:00.0
                gpu{index}.capability=7.5
                gpu{index}.memory={22528L << 20} {256L << 20} {1024L << 20}
                gpu{index}.temperature={30 + index}
                gpu{index}.power=18250
                gpu{index}.utilization=4

                """);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "nvml.txt"), answers, TestContext.Current.CancellationToken);
        sandbox.Environment["LD_LIBRARY_PATH"] = folder;
    }

    private static async Task<string> BuildAsync()
    {
        string output = Path.Combine(AppContext.BaseDirectory, "nvml-stand-in.so");
        string source = Path.Combine(AppContext.BaseDirectory, "Fixtures", "nvml-stand-in.c");
        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest("cc", ["-shared", "-fPIC", "-O1", "-o", output, source, "-ldl"]), CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return output;
    }
}
