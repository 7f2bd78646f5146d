namespace LlmOps.Engines;

/// <summary>How an option becomes arguments. Null capabilities stand for the newest known version of the engine.</summary>
internal abstract class OptionRenderer
{
    /// <summary>Whether the binary can be told this value at all.</summary>
    public abstract bool CanRender(EngineOption option, object value, EngineCapabilities? engine);

    /// <summary>The arguments for the value; none where the binary does so by itself.</summary>
    /// <exception cref="EngineOptionException">The binary has no way to be told.</exception>
    public abstract IEnumerable<string> Render(EngineOption option, object value, EngineCapabilities? engine);

    /// <summary>The spelling of the option that the binary accepts; null when it has none.</summary>
    protected static string? Spelling(EngineOption option, EngineCapabilities? engine)
    {
        if (engine is null)
        {
            return "--" + option.Flags[0];
        }

        foreach (string flag in option.Flags)
        {
            if (engine.Find("--" + flag) is not null)
            {
                return "--" + flag;
            }
        }

        return null;
    }
}

/// <summary>The flag and its value: <c>--ctx-size 8192</c>.</summary>
internal sealed class ValueRenderer : OptionRenderer
{
    /// <inheritdoc/>
    public override bool CanRender(EngineOption option, object value, EngineCapabilities? engine)
    {
        if (engine is null)
        {
            return true;
        }

        string? spelling = Spelling(option, engine);
        return spelling is not null
            && (engine.Find(spelling)!.Choices is not { Count: > 0 } choices || value is not string word || choices.Contains(word));
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Render(EngineOption option, object value, EngineCapabilities? engine) =>
        CanRender(option, value, engine)
            ? [Spelling(option, engine)!, EngineOption.Format(value)]
            : throw new EngineOptionException(option, value, engine!);
}

/// <summary>A switch with an optional opposite: <c>--mlock</c>, <c>--kv-unified</c> against <c>--no-kv-unified</c>.</summary>
/// <param name="withoutFlag">What a binary does that knows neither the switch nor its opposite.</param>
internal sealed class SwitchRenderer(bool withoutFlag) : OptionRenderer
{
    /// <inheritdoc/>
    public override bool CanRender(EngineOption option, object value, EngineCapabilities? engine) =>
        (bool)value == withoutFlag || FlagFor(option, (bool)value, engine) is not null;

    /// <inheritdoc/>
    public override IEnumerable<string> Render(EngineOption option, object value, EngineCapabilities? engine) =>
        FlagFor(option, (bool)value, engine) is { } flag ? [flag]
        : (bool)value == withoutFlag ? []
        : throw new EngineOptionException(option, value, engine!);

    private static string? FlagFor(EngineOption option, bool wanted, EngineCapabilities? engine)
    {
        foreach (string name in option.Flags)
        {
            string flag = wanted ? "--" + name : "--no-" + name;
            if (engine is null || engine.Find(flag) is not null)
            {
                return flag;
            }
        }

        return null;
    }
}

/// <summary>A flag that was a bare switch in old versions and takes <c>on</c>, <c>off</c> or <c>auto</c> in new ones.</summary>
internal sealed class OnOffAutoRenderer : OptionRenderer
{
    /// <inheritdoc/>
    public override bool CanRender(EngineOption option, object value, EngineCapabilities? engine) =>
        Spelling(option, engine) is not null || (string)value != "on";

    /// <inheritdoc/>
    public override IEnumerable<string> Render(EngineOption option, object value, EngineCapabilities? engine)
    {
        string? spelling = Spelling(option, engine);
        if (spelling is null)
        {
            return (string)value == "on" ? throw new EngineOptionException(option, value, engine!) : [];
        }

        return engine is null || engine.Find(spelling)!.TakesValue ? [spelling, (string)value]
            : (string)value == "on" ? [spelling]
            : []; // A bare switch is off unless given, and such versions have no automatic choice.
    }
}

/// <summary>An intent that the binary at hand cannot express.</summary>
public sealed class EngineOptionException : LlmOpsException
{
    internal EngineOptionException(EngineOption option, object value, EngineCapabilities engine)
        : base(
            $"{engine.Engine} {engine.Version ?? "of unknown version"} at {engine.Path} cannot be told {option.Name}: {EngineOption.Format(value)} (it has no such value of {string.Join(" or ", option.Flags.Select(flag => "--" + flag))}); remove the option or use a build that has the flag",
            "EngineOptionUnsupported")
    {
    }
}
