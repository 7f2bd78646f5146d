using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning;

/// <summary>Everything the user fixed, sorted into options, the endpoint, devices, and flags that only the engine knows.</summary>
internal sealed record Pins
{
    /// <summary>Options fixed.</summary>
    public OptionSet Options { get; init; } = OptionSet.Empty;

    /// <summary>Arguments for flags without a row in the option table.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>The engine's device names to use; null leaves the choice open.</summary>
    public IReadOnlyList<string>? Devices { get; init; }

    /// <summary>Address to listen on.</summary>
    public string? Host { get; init; }

    /// <summary>Port to listen on.</summary>
    public int? Port { get; init; }

    /// <summary>Model name for clients.</summary>
    public string? Alias { get; init; }

    /// <summary>API key file.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Collects what <paramref name="request"/> fixes.</summary>
    /// <exception cref="LlmOpsException">A value is none that the option takes, or the same thing is fixed twice.</exception>
    public static Pins From(PlanRequest request)
    {
        Pins pins = new() { ExtraArguments = request.ExtraArguments, Host = request.HostName, Port = request.Port, Alias = request.Alias, ApiKeyFile = request.ApiKeyFile };
        foreach ((string written, string value) in request.Pins)
        {
            pins = pins.Add(written.TrimStart('-').Replace('_', '-'), value, request.Engine);
        }

        pins = pins.AddNamed(LlamaCppOptions.ContextLength, request.ContextLength);
        pins = pins.AddNamed(LlamaCppOptions.Parallel, request.Parallel);
        pins = pins.AddNamed(LlamaCppOptions.KvCacheTypeK, request.KvCacheType);
        pins = pins.AddNamed(LlamaCppOptions.KvCacheTypeV, request.KvCacheType);
        return pins.AddNamed(LlamaCppOptions.ChatTemplateFile, request.ChatTemplateFile);
    }

    /// <summary>The row of the option table that a pin written as <paramref name="flag"/> fixes; null when there is none.</summary>
    public static EngineOption? RowOf(string flag)
    {
        string name = LongName(flag.TrimStart('-').Replace('_', '-'));
        return LlamaCppOptions.Table.ByFlag(name) ?? (name.StartsWith("no-", StringComparison.Ordinal) ? LlamaCppOptions.Table.ByFlag(name[3..]) : null);
    }

    private Pins Add(string flag, string value, EngineCapabilities? engine)
    {
        flag = LongName(flag);
        switch (flag)
        {
            case "host":
                return this with { Host = value };
            case "port":
                return int.TryParse(value, out int port) && port is >= 1 and <= 65535 ? this with { Port = port } : throw Wrong(flag, value, "a whole number from 1 to 65535");
            case "alias":
                return this with { Alias = value };
            case "api-key-file":
                return this with { ApiKeyFile = Path.GetFullPath(value) };
            case "api-key":
                throw new LlmOpsException("the pin api-key would show the key in the process list; put it into a file (mode 0600) and pin api-key-file", "SecretInArguments");
            case "model":
                throw new LlmOpsException("the model cannot be pinned as an option; name it as the model to plan for", "PinInvalid");
            case "device":
                return this with { Devices = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) };
            case "load-mode":
                return LoadMode(value);
            case "override-tensor":
                _ = TensorOverrides.Parse(value);
                break;
        }

        if (LlamaCppOptions.Table.ByFlag(flag) is { } option)
        {
            // "all" and "auto" are newer spellings of numbers that every version takes.
            string text = option == LlamaCppOptions.GpuLayers && value is "all" or "-1" ? int.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture) : value;
            object parsed = option.TryParse(text, out object read) ? read : throw Wrong(flag, value, option.Expectation);
            return Set(option, option == LlamaCppOptions.Projector || option == LlamaCppOptions.DraftModel || option == LlamaCppOptions.ChatTemplateFile ? Path.GetFullPath(text) : parsed);
        }

        if (flag.StartsWith("no-", StringComparison.Ordinal) && LlamaCppOptions.Table.ByFlag(flag[3..]) is SwitchOption opposite)
        {
            return Set(opposite, !(opposite.TryParse(value, out object said) ? (bool)said : throw Wrong(flag, value, opposite.Expectation)));
        }

        bool? takesValue = engine is null ? Known(flag, value).TakesValue : engine.Find("--" + flag)?.TakesValue;
        if (takesValue == false && value is not ("" or "true"))
        {
            throw Wrong(flag, value, "no value");
        }

        string[] arguments = takesValue != true && value is "" or "true" ? ["--" + flag] : ["--" + flag, value];
        return this with { ExtraArguments = [.. ExtraArguments, .. arguments] };
    }

    // Short names and older spellings mean the row that their other names have: "ngl", "c", "nkvo", "gpu-layers-draft".
    private static string LongName(string flag)
    {
        if (LlamaCppOptions.Table.ByFlag(flag) is not null || KnownFlags.Find(flag) is not { } known)
        {
            return flag;
        }

        // A flag's short name stands before the long one that it means; an opposite has its own pair of them.
        string? spelled = known.Names.SkipWhile(name => name.TrimStart('-') != flag).FirstOrDefault(name => name.StartsWith("--", StringComparison.Ordinal));
        string bare = (spelled ?? known.Names[0]).TrimStart('-');
        return LlamaCppOptions.Table.ByFlag(bare) is not null || bare.StartsWith("no-", StringComparison.Ordinal) ? bare
            : known.Names.Select(name => name.TrimStart('-')).FirstOrDefault(name => LlamaCppOptions.Table.ByFlag(name) is not null) ?? bare;
    }

    // Without a binary to ask, what any version has had must do; a slip is found now, not on the machine that is planned for.
    private static KnownFlag Known(string flag, string value)
    {
        KnownFlag known = KnownFlags.Find("--" + flag) ?? throw new LlmOpsException(
            $"the pin {flag}={value} is not possible; no version of llama-server has had --{flag}; {(KnownFlags.Nearest(flag) is { } meant ? $"did you mean {meant}?" : "remove it, or name the engine that has it by its path")}",
            "EngineFlagUnknown");
        return known.TakesValue && value.Length == 0 ? throw Wrong(flag, value, "a value") : known;
    }

    private Pins LoadMode(string value)
    {
        (bool Map, bool Lock)? mode = value switch
        {
            "mmap" => (true, false),
            "mlock" => (false, true),
            "mmap+mlock" => (true, true),
            "none" => (false, false),
            "auto" => null,
            "dio" => null,
            _ => throw Wrong("load-mode", value, "one of auto, none, mmap, mlock, mmap+mlock, dio"),
        };
        return mode is var (map, @lock) ? Set(LlamaCppOptions.MemoryMap, map).Set(LlamaCppOptions.MemoryLock, @lock)
            : this with { ExtraArguments = [.. ExtraArguments, "--load-mode", value] };
    }

    private Pins AddNamed(EngineOption option, object? value)
    {
        if (value is null)
        {
            return this;
        }

        string text = EngineOption.Format(value);
        if (!option.TryParse(text, out object parsed))
        {
            throw Wrong(option.Name, text, option.Expectation);
        }

        return Set(option, parsed);
    }

    private Pins Set(EngineOption option, object value) =>
        Options[option.Name] is { } already && EngineOption.Format(already) != EngineOption.Format(value)
            ? throw new LlmOpsException($"{option.Name} is fixed twice, to {EngineOption.Format(already)} and to {EngineOption.Format(value)}; keep one", "PinConflict")
            : this with { Options = Options.With(option.Name, value) };

    private static LlmOpsException Wrong(string name, string value, string expectation) =>
        new($"the pin {name}={value} is not possible; {name} takes {expectation}", "PinInvalid");
}
