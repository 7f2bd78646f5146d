using LlmOps.Hardware.Pci;
using LlmOps.Processes;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Asks the nvidia-smi program, for machines where NVML itself cannot be loaded.</summary>
internal sealed class NvidiaSmiProbe : IGpuProbe
{
    private const string SourceName = "nvidia-smi";

    // nvidia-smi is not on PATH under WSL when a service starts LlmOps.
    private const string WslFolder = "/usr/lib/wsl/lib";

    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken)
    {
        if (Find(context) is not { } program)
        {
            return Failed(context.IsAskedFor ? "nvidia-smi was not found on PATH; the NVIDIA driver is not installed." : null);
        }

        string? report = Run(program, ["-q", "-x"], context, out string? problem, cancellationToken);
        if (report is null)
        {
            return Failed(problem);
        }

        if (NvidiaSmiReport.Parse(report) is not { } parsed)
        {
            return Failed($"'{program} -q -x' did not print a report but: {FirstLine(report)}");
        }

        // The report does not have the compute capability; drivers before 510 cannot be asked for it.
        string table = Run(program, ["--query-gpu=uuid,compute_cap", "--format=csv,noheader"], context, out _, cancellationToken) ?? string.Empty;
        GpuDevice[] gpus = [.. NvidiaSmiReport.AddCapabilities(parsed.Gpus, table).Select(gpu => AddNumaNode(gpu, context))];
        return parsed with { Gpus = gpus, Links = PciLinks.Between(gpus, context) };
    }

    private static GpuDevice AddNumaNode(GpuDevice gpu, ProbeContext context) =>
        context.Host.NumaNodes.Count > 1 && PciAddress.Parse(gpu.PciBusId) is { } address
            ? gpu with { NumaNode = new PciTree(context.Files).NumaNode(address) }
            : gpu;

    private static ProbeResult Failed(string? note) => new() { Source = SourceName, Notes = note is null ? [] : [note] };

    private static string? Find(ProbeContext context)
    {
        string path = context.Options.GetEnvironmentVariable("PATH") ?? string.Empty;
        IEnumerable<string> folders = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(WslFolder);
        return ExecutableFinder.Find(SourceName, string.Join(Path.PathSeparator, folders.Select(context.Files.Locate)));
    }

    private static string? Run(string program, string[] arguments, ProbeContext context, out string? problem, CancellationToken cancellationToken)
    {
        string shown = $"'{program} {string.Join(' ', arguments)}'";
        problem = null;
        try
        {
            ProcessRequest request = new(program, arguments) { Timeout = context.Options.DriverTimeout };

            // The survey is synchronous because everything else in it is; this is its one rare exception.
            ProcessResult result = ProcessRunner.RunAsync(request, cancellationToken).GetAwaiter().GetResult();
            if (result.ExitCode == 0)
            {
                return result.StandardOutput;
            }

            problem = $"{shown} failed with exit code {result.ExitCode}: {FirstLine(result.StandardOutput + result.StandardError)}";
        }
        catch (Exception failure) when (failure is TimeoutException or ProcessStartException)
        {
            problem = $"{shown} gave no answer: {failure.Message}";
        }

        return null;
    }

    private static string FirstLine(string text)
    {
        string line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "nothing";
        return line.Length > 160 ? line[..160] + "…" : line;
    }
}
