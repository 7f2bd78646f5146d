using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Cli.Tests;

/// <summary>The llama-server of this machine, for tests that need a real one.</summary>
public static class RealEngine
{
    /// <summary>Lets the commands of <paramref name="sandbox"/> find it; skips the test, with the reason, where there is none.</summary>
    public static string UseIn(Sandbox sandbox)
    {
        // build.sh test names the one that it found or obtained.
        string? named = Environment.GetEnvironmentVariable("LLMOPS_TEST_ENGINE") ?? Environment.GetEnvironmentVariable(EngineLocator.PathVariable);
        InstalledEngine? engine = new LlamaCppInstaller(new LlamaCppInstallerOptions { ExplicitPath = string.IsNullOrEmpty(named) ? null : named }).FindInstalled();
        Assert.SkipWhen(engine is null, "no llama-server on PATH or in the cache; 'llmops demo' obtains one");
        sandbox.Environment[EngineLocator.PathVariable] = engine.ServerPath;
        sandbox.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        return engine.ServerPath;
    }
}
