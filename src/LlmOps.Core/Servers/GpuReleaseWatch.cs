using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Servers;

/// <summary>Sees whether the GPUs of a server get their memory back when it is stopped: drivers give it back a moment after the process is gone.</summary>
internal sealed class GpuReleaseWatch : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    private readonly SurveyOptions _options;
    private readonly GpuSampler _sampler;
    private readonly List<GpuMemoryRelease> _before;

    private GpuReleaseWatch(SurveyOptions options, GpuSampler sampler, List<GpuMemoryRelease> before) => (_options, _sampler, _before) = (options, sampler, before);

    /// <summary>Looks at the GPUs of a server that is about to be stopped.</summary>
    /// <param name="folder">The server's.</param>
    /// <param name="record">Its record; null when that is damaged.</param>
    /// <param name="options">Where and how to look.</param>
    /// <param name="cancellationToken">Cancels the looking.</param>
    /// <returns>Null for a server without GPUs, and where no driver tells of them; the former is found without asking any.</returns>
    public static GpuReleaseWatch? Begin(ServerFolder folder, ServerRecord? record, SurveyOptions options, CancellationToken cancellationToken)
    {
        if (record is null || !WantsGpus(folder))
        {
            return null;
        }

        GpuTopology topology = new TopologySurvey(options).Capture(cancellationToken);
        if (topology.Gpus.Count == 0)
        {
            return null;
        }

        IReadOnlyList<ConfigDevice> devices = Devices(folder);
        HashSet<int> own = [.. new EngineGroup(record.EngineProcess, EngineGroup.Mark(folder)).FindMembers().Select(process => process.Pid)];
        List<GpuDevice> gpus = [.. topology.Gpus.Where(gpu => devices.Any(device => device.Uuid is { } uuid && uuid == gpu.Uuid) || gpu.Processes.Any(process => own.Contains(process.ProcessId)))];
        if (gpus.Count == 0)
        {
            return null;
        }

        GpuSampler sampler = new(topology with { Gpus = gpus }, options);
        Dictionary<int, long> used = Read(sampler, cancellationToken);
        List<GpuMemoryRelease> before = [.. gpus.Where(gpu => used.ContainsKey(gpu.Index)).Select(gpu => new GpuMemoryRelease
        {
            Index = gpu.Index,
            Uuid = gpu.Uuid,
            BeforeBytes = used[gpu.Index],
            AfterBytes = used[gpu.Index],
            ServerBytes = HeldBy(gpu, own) ?? Allocated(gpu, devices, record),
        })];

        // A server that was never ready may hold nothing yet, and then nothing can be seen to be given back.
        before.RemoveAll(gpu => gpu.ServerBytes is null && record.ReadyAt is null);
        return new GpuReleaseWatch(options, sampler, before);
    }

    /// <summary>Waits, for a bounded time, until the memory is given back.</summary>
    public async Task<IReadOnlyList<GpuMemoryRelease>> WaitAsync(CancellationToken cancellationToken)
    {
        long start = _options.Clock.GetTimestamp();
        while (true)
        {
            Dictionary<int, long> used = Read(_sampler, cancellationToken);
            List<GpuMemoryRelease> now = [.. _before.Select(gpu => gpu with { AfterBytes = used.GetValueOrDefault(gpu.Index, gpu.BeforeBytes) })];
            if (now.TrueForAll(gpu => gpu.IsReleased))
            {
                return now;
            }

            if (_options.Clock.GetElapsedTime(start) >= s_patience)
            {
                return NameHolders(now, cancellationToken);
            }

            await Task.Delay(s_poll, _options.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _sampler.Dispose();

    private List<GpuMemoryRelease> NameHolders(List<GpuMemoryRelease> gpus, CancellationToken cancellationToken)
    {
        Dictionary<int, IReadOnlyList<GpuProcess>> holders = new TopologySurvey(_options).Capture(cancellationToken).Gpus.ToDictionary(gpu => gpu.Index, gpu => gpu.Processes);
        return [.. gpus.Select(gpu => gpu.IsReleased ? gpu : gpu with { Holders = holders.GetValueOrDefault(gpu.Index, []) })];
    }

    private static Dictionary<int, long> Read(GpuSampler sampler, CancellationToken cancellationToken) =>
        sampler.Sample(cancellationToken).Where(sample => sample.MemoryUsedBytes is not null).ToDictionary(sample => sample.Index, sample => sample.MemoryUsedBytes!.Value);

    // In a container of our own the driver's process ids are others than ours; then nothing is found here.
    private static long? HeldBy(GpuDevice gpu, HashSet<int> own)
    {
        long[] held = [.. gpu.Processes.Where(process => own.Contains(process.ProcessId)).Select(process => process.MemoryBytes).OfType<long>()];
        return held.Length > 0 ? held.Sum() : null;
    }

    private static long? Allocated(GpuDevice gpu, IReadOnlyList<ConfigDevice> devices, ServerRecord record) =>
        devices.FirstOrDefault(device => device.Uuid == gpu.Uuid)?.Name is { } name
            ? record.Memory.FirstOrDefault(allocation => allocation.Device == name)?.ActualBytes
            : null;

    private static bool WantsGpus(ServerFolder folder)
    {
        try
        {
            return folder.ReadLaunch().Expectation is { WantsGpu: true } or { Devices.Count: > 0 };
        }
        catch (LlmOpsException)
        {
            return false; // Nobody can tell any more which GPUs it has; the stop itself does not need to know.
        }
    }

    private static IReadOnlyList<ConfigDevice> Devices(ServerFolder folder)
    {
        try
        {
            return ServerConfigFile.Read(folder.ConfigFile).Devices;
        }
        catch (LlmOpsException)
        {
            return []; // Then the GPUs on which its processes hold memory are its own.
        }
    }
}
