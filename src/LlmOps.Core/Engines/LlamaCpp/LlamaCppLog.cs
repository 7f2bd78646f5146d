namespace LlmOps.Engines.LlamaCpp;

/// <summary>One run of llama-server, read from its log.</summary>
internal sealed class LlamaCppLog : IEngineLog
{
    private readonly LoadLog _load = new();

    /// <inheritdoc/>
    public string? WeightsActivity => LoadStage.Weights;

    /// <inheritdoc/>
    public bool TellsEveryDevice => true;

    /// <inheritdoc/>
    public IReadOnlyList<DeviceBuffers> Devices => _load.Devices;

    /// <inheritdoc/>
    public int? OffloadedLayers => _load.OffloadedLayers;

    /// <inheritdoc/>
    public int? LayerCount => _load.LayerCount;

    /// <inheritdoc/>
    public string? NoGpuLine => _load.NoGpuLine;

    /// <inheritdoc/>
    public EngineFigures? Figures => null;

    /// <inheritdoc/>
    public LogStep AddLoading(string line)
    {
        _load.Add(line);
        return new LogStep(LoadStage.Read(line), LoadStage.ReadFraction(line), LoadStage.IsOpen(line), IsSignOfLife: true);
    }

    /// <inheritdoc/>
    public bool AddServing(string line) => false;
}
