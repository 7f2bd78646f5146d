
namespace LlmOps.Engines.LlamaCpp;

/// <summary>Reads from a llama-server's log what it allocated while loading, and where.</summary>
/// <remarks>
/// Wording: llama.cpp <c>src/llama-model.cpp</c> (model buffers, offloaded layers), <c>llama-kv-cache.cpp</c>, <c>llama-memory-recurrent.cpp</c>,
/// <c>llama-context.cpp</c> (compute and output buffers). 0.7.0 prints them at verbosity 4 and up, older builds always. Safe to use from several threads.
/// </remarks>
public sealed class LoadLog
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DeviceBuffers> _devices = [];
    private readonly Dictionary<string, long> _compute = [];
    private bool _trial;
    private int? _offloaded;
    private int? _layers;

    /// <summary>Layers on GPUs, of the largest model loaded; null when the log does not say.</summary>
    public int? OffloadedLayers => Locked(() => _offloaded);

    /// <summary>Layers of that model, its output counted as one; null when the log does not say.</summary>
    public int? LayerCount => Locked(() => _layers);

    /// <summary>The engine's own word that it found no GPU although layers were meant for one; null when it did not say so.</summary>
    public string? NoGpuLine { get; private set; }

    /// <summary>The buffers by device, in the order of the log, host memory among them; empty when the log does not tell.</summary>
    public IReadOnlyList<DeviceBuffers> Devices => Locked(() =>
    {
        CloseContext();
        return (IReadOnlyList<DeviceBuffers>)[.. _devices.Values];
    });

    /// <summary>Whether buffers of that name lie in main memory.</summary>
    public static bool IsHost(string buffer) =>
        buffer.StartsWith("CPU", StringComparison.Ordinal) || buffer.EndsWith("_Host", StringComparison.Ordinal) || buffer is "Host" or "BLAS" or "AMX";

    /// <summary>Takes the next line.</summary>
    public void Add(string line)
    {
        if (line.Contains("buffer size", StringComparison.Ordinal))
        {
            Locked(() => AddBuffer(line));
        }
        else if (LoadLine.ReadLayers(line) is { } layers)
        {
            Locked(() => AddLayers(layers.Some, layers.All));
        }
        else if (line.Contains("constructing llama_context", StringComparison.Ordinal))
        {
            Locked(CloseContext);
        }
        else if (line.Contains("no_alloc ", StringComparison.Ordinal))
        {
            // While the engine fits itself to the memory it goes through the motions without allocating.
            _trial = line.TrimEnd().EndsWith("= 1", StringComparison.Ordinal);
        }
        else if (line.Contains("--gpu-layers option will be ignored", StringComparison.Ordinal))
        {
            NoGpuLine = line.Trim();
        }
    }

    private bool AddBuffer(string line)
    {
        if (_trial || LoadLine.ReadBuffer(line) is not { } buffer)
        {
            return false;
        }

        string device = buffer.Device;
        long bytes = (long)(buffer.MiB * Bytes.MiB);
        DeviceBuffers now = _devices.GetValueOrDefault(device) ?? new DeviceBuffers { Device = device };
        _devices[device] = buffer.Kind switch
        {
            "model" => now with { WeightsBytes = now.WeightsBytes + bytes },
            "KV" => now with { KvCacheBytes = now.KvCacheBytes + bytes },
            "RS" => now with { RecurrentBytes = now.RecurrentBytes + bytes },
            "output" => now with { OutputBytes = now.OutputBytes + bytes },
            "compute" => now,
            _ => now with { OtherBytes = now.OtherBytes + bytes },
        };
        if (buffer.Kind == "compute")
        {
            _compute[device] = bytes; // A context may reserve several times; what it reserved last is what it has.
        }

        return true;
    }

    private void CloseContext()
    {
        foreach ((string device, long bytes) in _compute)
        {
            _devices[device] = _devices[device] with { ComputeBytes = _devices[device].ComputeBytes + bytes };
        }

        _compute.Clear();
    }

    // A drafter or a projector reports its own layers; the model is the one with the most.
    private void AddLayers(int some, int all)
    {
        if (all >= (_layers ?? 0))
        {
            (_offloaded, _layers) = (some, all);
        }
    }

    private void Locked(Action action)
    {
        lock (_lock)
        {
            action();
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}
