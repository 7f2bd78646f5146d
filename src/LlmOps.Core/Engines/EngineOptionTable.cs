namespace LlmOps.Engines;

/// <summary>All options of one engine, found by their own name or by one of the engine's flags.</summary>
public sealed class EngineOptionTable
{
    private readonly Dictionary<string, EngineOption> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EngineOption> _byFlag = new(StringComparer.Ordinal);

    internal EngineOptionTable(string engine, IReadOnlyList<EngineOption> options)
    {
        Engine = engine;
        Options = options;
        foreach (EngineOption option in options)
        {
            _byName.Add(option.Name, option);
            foreach (string flag in option.Flags)
            {
                _byFlag.Add(flag, option);
            }
        }
    }

    /// <summary>The engine.</summary>
    public string Engine { get; }

    /// <summary>The rows in order.</summary>
    public IReadOnlyList<EngineOption> Options { get; }

    /// <summary>The row called <paramref name="name"/>; null when there is none.</summary>
    public EngineOption? ByName(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The row that the engine's long flag <paramref name="flag"/> (without dashes) sets; null when there is none.</summary>
    public EngineOption? ByFlag(string flag) => _byFlag.GetValueOrDefault(flag);

    /// <summary>The row whose name is nearest to <paramref name="name"/>, to ask «did you mean»; null when none is near.</summary>
    public EngineOption? Nearest(string name)
    {
        string? nearest = Spelling.Nearest(name, Options.Select(option => option.Name));
        return nearest is null ? null : ByName(nearest);
    }
}
