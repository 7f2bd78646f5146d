using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Engines.Install;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>The CUDA toolkit that kernels are compiled with, and the architectures to compile for.</summary>
/// <param name="Compiler">Full path of nvcc.</param>
/// <param name="Version">Its release; null where it does not say.</param>
internal sealed partial record CudaToolkit(string Compiler, Version? Version)
{
    private const string UsualCompiler = "/usr/local/cuda/bin/nvcc";

    // The first and the last release that compile for an architecture (NVIDIA's toolkit release notes).
    private static readonly (int Architecture, Version First, Version? Last)[] s_support =
    [
        (50, new(6, 0), new(12, 9)), (60, new(8, 0), new(12, 9)), (61, new(8, 0), new(12, 9)), (70, new(9, 0), new(12, 9)), (75, new(10, 0), null), (80, new(11, 0), null), (86, new(11, 1), null),
        (89, new(11, 8), null), (90, new(11, 8), null), (100, new(12, 8), null), (103, new(12, 9), null), (120, new(12, 8), null), (121, new(12, 9), null),
    ];

    /// <summary>The folder above <c>bin</c>.</summary>
    public string Root => Path.GetDirectoryName(Path.GetDirectoryName(Compiler))!;

    /// <summary>The toolkit of this machine; null when there is none.</summary>
    public static async Task<CudaToolkit?> FindAsync(InstallContext context, CancellationToken cancellationToken)
    {
        string? compiler = context.Find("nvcc") ?? (ExecutableFinder.IsExecutable(UsualCompiler) ? UsualCompiler : null);
        if (compiler is null)
        {
            return null;
        }

        ProcessResult said = await ProcessRunner.RunAsync(new ProcessRequest(compiler, ["--version"]) { Timeout = TimeSpan.FromSeconds(20) }, cancellationToken).ConfigureAwait(false);
        return new CudaToolkit(compiler, Release().Match(said.StandardOutput) is { Success: true } match ? System.Version.Parse(match.Groups[1].Value) : null);
    }

    /// <summary>The architectures of the cards, as CMake takes them: <c>75;89</c>; empty where none is known.</summary>
    public static string Architectures(GpuTopology topology) => string.Join(';', Numbers(topology).Select(number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Why this toolkit cannot compile for the cards; null when it can, or when that is not known.</summary>
    public string? WhyNot(GpuTopology topology)
    {
        foreach (int number in Numbers(topology))
        {
            if (Version is not null && s_support.FirstOrDefault(row => row.Architecture == number) is { First: { } first } row && (Version < first || (row.Last is { } last && Version > last)))
            {
                string need = row.Last is { } until ? $"{first} to {until}" : $"{first} or newer";
                return $"{Compiler} is of CUDA {Version}, and compute capability {number / 10}.{number % 10} needs a toolkit of {need}";
            }
        }

        return null;
    }

    private static IEnumerable<int> Numbers(GpuTopology topology) =>
        topology.Gpus.Where(gpu => gpu.Vendor == GpuVendor.Nvidia)
            .Select(gpu => int.TryParse(gpu.ComputeCapability?.Replace(".", string.Empty, StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)
            .Where(number => number > 0).Distinct().Order();

    [GeneratedRegex(@"release (\d+\.\d+)")]
    private static partial Regex Release();
}
