using System.Globalization;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;

namespace LlmOps.Planning.Vllm;

/// <summary>Sorts what the user fixed, by vLLM's own long flag names.</summary>
internal static class VllmPins
{
    /// <summary>Options, endpoint and flags without a row in the option table.</summary>
    /// <exception cref="LlmOpsException">A value is none that the option takes, no version has the flag, or the same thing is fixed twice.</exception>
    public static Pins From(PlanRequest request, IReadOnlyList<EngineFlag> flags, string version)
    {
        Pins pins = new() { ExtraArguments = request.ExtraArguments, Host = request.HostName, Port = request.Port, Alias = request.Alias, ApiKeyFile = request.ApiKeyFile };
        foreach ((string written, string value) in request.Pins)
        {
            pins = Add(pins, written.TrimStart('-').Replace('_', '-'), value, flags, version);
        }

        pins = Named(pins, VllmOptions.ContextLength, request.ContextLength);
        pins = Named(pins, VllmOptions.Parallel, request.Parallel);
        pins = Named(pins, VllmOptions.KvCacheType, request.KvCacheType is "f16" or "bf16" ? "auto" : request.KvCacheType);
        return Named(pins, VllmOptions.ChatTemplateFile, request.ChatTemplateFile);
    }

    private static Pins Add(Pins pins, string flag, string value, IReadOnlyList<EngineFlag> flags, string version)
    {
        switch (flag)
        {
            case "host":
                return pins with { Host = value };
            case "port":
                return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535 ? pins with { Port = port } : throw Wrong(flag, value, "a whole number from 1 to 65535");
            case "served-model-name":
                return pins with { Alias = value };
            case "api-key":
                throw new LlmOpsException("the pin api-key would show the key in the process list; put it into a file (mode 0600) and name that as the API key file", "SecretInArguments");
            case "model":
                throw new LlmOpsException("the model cannot be pinned as an option; name it as the model to plan for", "PinInvalid");
        }

        EngineFlag? known = Find(flags, flag.Split('.')[0]);
        EngineOption? option = RowOf(flag, known);
        if (option is not null)
        {
            bool opposite = option is SwitchOption && flag.StartsWith("no-", StringComparison.Ordinal);
            object parsed = option.TryParse(value, out object read) ? opposite ? !(bool)read : read : throw Wrong(flag, value, option.Expectation);
            return Set(pins, option, option == VllmOptions.ChatTemplateFile ? Path.GetFullPath(value) : parsed);
        }

        if (known is null)
        {
            throw Unknown(flag, value, flags, version);
        }

        return !known.TakesValue && value is not ("" or "true") ? throw Wrong(flag, value, "no value")
            : pins with { ExtraArguments = [.. pins.ExtraArguments, .. known.TakesValue ? ["--" + flag, value] : new[] { "--" + flag }] };
    }

    private static EngineFlag? Find(IReadOnlyList<EngineFlag> flags, string name) =>
        flags.FirstOrDefault(flag => flag.Names.Contains("--" + name) || flag.Names.Contains("-" + name));

    // Short names mean the row that their long name has: "tp", "pp", "sc".
    private static EngineOption? RowOf(string flag, EngineFlag? known)
    {
        IEnumerable<string> names = [flag, .. known?.Names.Select(name => name.TrimStart('-')) ?? []];
        return names.Select(name => VllmOptions.Table.ByFlag(name) ?? (name.StartsWith("no-", StringComparison.Ordinal) ? VllmOptions.Table.ByFlag(name[3..]) : null)).FirstOrDefault(row => row is not null);
    }

    private static LlmOpsException Unknown(string flag, string value, IReadOnlyList<EngineFlag> flags, string version)
    {
        string? others = VllmFlags.Versions("--" + flag);
        string? meant = Spelling.Nearest(flag, flags.SelectMany(known => known.Names).Where(name => name.StartsWith("--", StringComparison.Ordinal)).Select(name => name[2..]));
        return new LlmOpsException(
            $"the pin {flag}={value} is not possible; vLLM {version} has no --{flag}{(others is null ? string.Empty : $" ({others} have it)")}; {(meant is null || others is not null ? "remove it or use a version that has it" : $"did you mean {meant}?")}",
            "EngineFlagUnknown");
    }

    private static Pins Named(Pins pins, EngineOption option, object? value)
    {
        if (value is null)
        {
            return pins;
        }

        string text = EngineOption.Format(value);
        return Set(pins, option, option.TryParse(text, out object parsed) ? parsed : throw Wrong(option.Name, text, option.Expectation));
    }

    private static Pins Set(Pins pins, EngineOption option, object value) =>
        pins.Options[option.Name] is { } already && EngineOption.Format(already) != EngineOption.Format(value)
            ? throw new LlmOpsException($"{option.Name} is fixed twice, to {EngineOption.Format(already)} and to {EngineOption.Format(value)}; keep one", "PinConflict")
            : pins with { Options = pins.Options.With(option.Name, value) };

    private static LlmOpsException Wrong(string name, string value, string expectation) =>
        new($"the pin {name}={value} is not possible; {name} takes {expectation}", "PinInvalid");
}
