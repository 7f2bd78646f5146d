namespace LlmOps.Engines;

/// <summary>Reads one run of an engine from its log, line by line. Safe to use from several threads.</summary>
internal interface IEngineLog
{
    /// <summary>The activity during which the engine's own process reads the model's bytes, by which its progress can be told without a line; null for none.</summary>
    public string? WeightsActivity { get; }

    /// <summary>Whether a device that the log does not name holds nothing.</summary>
    public bool TellsEveryDevice { get; }

    /// <summary>What was allocated, by device; empty when the log does not tell.</summary>
    public IReadOnlyList<DeviceBuffers> Devices { get; }

    /// <summary>Layers on GPUs; null when the log does not say.</summary>
    public int? OffloadedLayers { get; }

    /// <summary>Layers of the model, its output counted as one; null when the log does not say.</summary>
    public int? LayerCount { get; }

    /// <summary>The engine's own word that it found no GPU although one was meant; null when it did not say so.</summary>
    public string? NoGpuLine { get; }

    /// <summary>The figures that the engine has told so far; null when it told none.</summary>
    public EngineFigures? Figures { get; }

    /// <summary>Takes the next line of a start.</summary>
    /// <param name="line">The line, without the time of our logs.</param>
    public LogStep AddLoading(string line);

    /// <summary>Takes the next line of a server that is ready.</summary>
    /// <returns>Whether <see cref="Figures"/> has changed.</returns>
    public bool AddServing(string line);
}

/// <summary>What a line says of a start.</summary>
/// <param name="Activity">What is being done; null when it does not say.</param>
/// <param name="Fraction">How much of that is done, from 0 to 1; null when it does not say.</param>
/// <param name="IsOpen">Whether asking the server now is worthwhile.</param>
/// <param name="IsSignOfLife">Whether the line shows that something goes on; a notice that merely says that something is waited for does not.</param>
internal readonly record struct LogStep(string? Activity, double? Fraction, bool IsOpen, bool IsSignOfLife);
