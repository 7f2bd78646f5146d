using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics.Checks;

/// <summary>The CUDA toolkit that compiles kernels at start: the one that torch and FlashInfer would take.</summary>
/// <param name="Nvcc">Its compiler.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Version">Its version; null when the compiler does not say.</param>
/// <param name="NewestGcc">The newest major version of gcc that its headers accept; null when they do not say.</param>
internal sealed partial record CudaToolkit(string Nvcc, string Folder, CudaVersion? Version, int? NewestGcc)
{
    /// <summary>Finds it; null when there is none.</summary>
    /// <remarks>Order of torch.utils.cpp_extension: CUDA_HOME, CUDA_PATH, nvcc on PATH (an active environment's first), /usr/local/cuda.</remarks>
    public static async Task<CudaToolkit?> FindAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        string?[] homes = [scope.Variable("CUDA_HOME"), scope.Variable("CUDA_PATH")];
        string? nvcc = homes.Where(home => !string.IsNullOrEmpty(home)).Select(home => Path.Combine(Root(scope, home!), "bin", "nvcc")).FirstOrDefault(File.Exists);
        nvcc ??= scope.Python is { } python && File.Exists(Path.Combine(python.Folder, "bin", "nvcc")) ? Path.Combine(python.Folder, "bin", "nvcc") : null;
        nvcc ??= scope.Tools.Find("nvcc") ?? (File.Exists(scope.Files!.Locate("/usr/local/cuda/bin/nvcc")) ? scope.Files.Locate("/usr/local/cuda/bin/nvcc") : null);
        if (nvcc is null)
        {
            return null;
        }

        string folder = Path.GetDirectoryName(Path.GetDirectoryName(nvcc))!;
        string said = (await scope.Tools.AskAsync(nvcc, ["--version"], cancellationToken).ConfigureAwait(false)).StandardOutput;
        return new CudaToolkit(nvcc, folder, Release().Match(said) is { Success: true } match ? CudaVersion.Parse(match.Groups[1].Value) : null, NewestGccOf(folder));
    }

    private static string Root(CheckScope scope, string home) => Directory.Exists(scope.Files!.Locate(home)) ? scope.Files.Locate(home) : home;

    // #if __GNUC__ > 13  →  #error -- unsupported GNU version! gcc versions later than 13 are not supported!
    private static int? NewestGccOf(string folder)
    {
        string[] places = [Path.Combine(folder, "include", "crt", "host_config.h"), Path.Combine(folder, "targets", "x86_64-linux", "include", "crt", "host_config.h")];
        return places.FirstOrDefault(File.Exists) is { } header && LaterGcc().Match(File.ReadAllText(header)) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : null;
    }

    [GeneratedRegex(@"release (\d+\.\d+)")]
    private static partial Regex Release();

    [GeneratedRegex(@"gcc versions later than (\d+) are not supported")]
    private static partial Regex LaterGcc();
}
