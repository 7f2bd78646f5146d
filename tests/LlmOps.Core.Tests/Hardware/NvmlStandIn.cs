using System.Globalization;
using LlmOps.Processes;

namespace LlmOps.Core.Tests.Hardware;

/// <summary>Builds the stand-in for libnvidia-ml.so.1 once, and puts copies of it into fake roots.</summary>
internal static class NvmlStandIn
{
    private const string Folder = "/usr/lib/x86_64-linux-gnu";
    private static readonly Lazy<Task<string>> Current = new(() => BuildAsync("current"));
    private static readonly Lazy<Task<string>> Old = new(() => BuildAsync("old", "-DOLD_DRIVER"));

    /// <summary>Installs the library and what it answers. Every root has its own copy, so that each is loaded as a library of its own.</summary>
    public static async Task InstallAsync(FakeRoot root, string answers, bool isOldDriver = false, string folder = Folder)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the stand-in for NVML is built for Linux");
        Assert.SkipWhen(ExecutableFinder.Find("cc") is null, "the stand-in for NVML needs a C compiler (cc) on PATH");
        string library = await (isOldDriver ? Old : Current).Value;
        root.Write(folder + "/nvml.txt", answers);
        File.Copy(library, root.Locate(folder + "/libnvidia-ml.so.1"));
    }

    /// <summary>Answers for a card at <paramref name="bus"/>; later lines of a text win nothing, so put exceptions first.</summary>
    public static string Card(int index, string name, string bus, string capability, long mebibytes, long usedMebibytes = 0) => string.Create(CultureInfo.InvariantCulture, $"""
        gpu{index}.name={name}
        gpu{index}.uuid=GPU-{index:d8}-0000-4000-8000-000000000000
        gpu{index}.pci=00000000:{bus}:00.0
        gpu{index}.capability={capability}
        gpu{index}.memory={mebibytes << 20} {256L << 20} {usedMebibytes << 20}
        gpu{index}.generation=1
        gpu{index}.width=16
        gpu{index}.maxGeneration=3
        gpu{index}.maxWidth=16
        gpu{index}.temperature={30 + index}
        gpu{index}.power=18250
        gpu{index}.powerLimit=250000
        gpu{index}.utilization=4
        gpu{index}.display=0

        """);

    private static async Task<string> BuildAsync(string name, params string[] extra)
    {
        string output = Path.Join(AppContext.BaseDirectory, $"nvml-stand-in-{name}.so");
        ProcessRequest request = new("cc", ["-shared", "-fPIC", "-O1", .. extra, "-o", output, Fixture.PathOf("nvml-stand-in.c"), "-ldl"]);
        ProcessResult result = await ProcessRunner.RunAsync(request, CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return output;
    }
}
