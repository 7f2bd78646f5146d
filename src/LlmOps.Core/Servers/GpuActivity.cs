using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Servers;

/// <summary>Whether the GPUs of a server compute: its processes may wait for them without using the processor.</summary>
/// <param name="folder">The server's.</param>
/// <param name="options">Where and how to look.</param>
internal sealed class GpuActivity(ServerFolder folder, SurveyOptions options)
{
    // What a desktop on the same card makes of its own.
    private const int IdlePercent = 5;

    /// <summary>Looks once. Takes some hundredths of a second, and as long as a driver that hangs is waited for.</summary>
    /// <returns>False also when it cannot be told, as on a machine without GPUs.</returns>
    public bool IsBusy(CancellationToken cancellationToken)
    {
        string[] own = OwnGpus();
        GpuTopology topology = new TopologySurvey(options).Capture(cancellationToken);
        GpuTopology used = topology with { Gpus = [.. topology.Gpus.Where(gpu => own.Length == 0 || own.Contains(gpu.Uuid))] };
        using GpuSampler sampler = new(used, options);
        return sampler.Sample(cancellationToken).Any(sample => sample.UtilizationPercent > IdlePercent);
    }

    // Empty when the configuration names none, or is gone: then all count.
    private string[] OwnGpus()
    {
        try
        {
            return [.. ServerConfigFile.Read(folder.ConfigFile).Devices.Select(device => device.Uuid).OfType<string>()];
        }
        catch (LlmOpsException)
        {
            return [];
        }
    }
}
