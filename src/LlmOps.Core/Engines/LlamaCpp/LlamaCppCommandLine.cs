namespace LlmOps.Engines.LlamaCpp;

/// <summary>Renders options as llama-server arguments that the binary at hand accepts.</summary>
public static class LlamaCppCommandLine
{
    /// <summary>The arguments for <paramref name="options"/>.</summary>
    /// <param name="options">The intents.</param>
    /// <param name="engine">The binary that will run; null for the newest known version.</param>
    /// <exception cref="EngineOptionException">The binary cannot be told one of them.</exception>
    public static IReadOnlyList<string> Render(OptionSet options, EngineCapabilities? engine)
    {
        List<string> arguments = [];
        bool hasLoadMode = engine is null || engine.Find("--load-mode") is not null;
        foreach (EngineOption option in LlamaCppOptions.Table.Options)
        {
            if (options[option.Name] is not { } value)
            {
                continue;
            }

            if (option == LlamaCppOptions.Rpc)
            {
                continue; // Said before the devices, which it brings.
            }

            if (hasLoadMode && (option == LlamaCppOptions.MemoryMap || option == LlamaCppOptions.MemoryLock))
            {
                continue; // Both are said together, below.
            }

            arguments.AddRange(option.Renderer.Render(option, value, engine));
        }

        if (hasLoadMode && (options.Contains(LlamaCppOptions.MemoryMap.Name) || options.Contains(LlamaCppOptions.MemoryLock.Name)))
        {
            arguments.AddRange(["--load-mode", LoadMode(options)]);
        }

        return arguments;
    }

    /// <summary>Whether the binary can be told <paramref name="option"/> = <paramref name="value"/>.</summary>
    public static bool CanRender(EngineOption option, object value, EngineCapabilities? engine) =>
        (engine?.Find("--load-mode") is not null && (option == LlamaCppOptions.MemoryMap || option == LlamaCppOptions.MemoryLock))
        || option.Renderer.CanRender(option, value, engine);

    // Builds from August 2026 on replaced --mlock and --no-mmap by one --load-mode.
    private static string LoadMode(OptionSet options)
    {
        bool map = options[LlamaCppOptions.MemoryMap.Name] as bool? ?? true;
        bool @lock = options[LlamaCppOptions.MemoryLock.Name] as bool? ?? false;
        return (map, @lock) switch
        {
            (true, true) => "mmap+mlock",
            (true, false) => "mmap",
            (false, true) => "mlock",
            (false, false) => "none",
        };
    }
}
