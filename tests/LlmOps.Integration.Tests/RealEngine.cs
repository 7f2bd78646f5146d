using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Integration.Tests;

/// <summary>The real llama-server that the tests run, and a small model for it. Obtained once for all tests.</summary>
public sealed class RealEngine : IAsyncLifetime
{
    /// <summary>Capabilities of the engine; null when there is none on this machine.</summary>
    public EngineCapabilities? Found { get; private set; }

    /// <summary>Why there is none.</summary>
    public string WhyNot { get; private set; } = string.Empty;

    /// <summary>This machine.</summary>
    public GpuTopology Topology { get; private set; } = new();

    /// <summary>A small model with random weights.</summary>
    public ModelDescription Model { get; private set; } = null!;

    /// <summary>A folder for everything the tests make.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("llmops-integration-").FullName;

    /// <summary>The engine; skips the test when this machine has none.</summary>
    public EngineCapabilities Engine
    {
        get
        {
            Assert.SkipWhen(Found is null, $"no real llama-server: {WhyNot}");
            return Found!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        string model = Path.Combine(Folder, "tiny.gguf");
        TinyModelWriter.Write(model, new TinyModelOptions());
        Model = ModelReader.Read(model);
        Topology = new TopologySurvey(new SurveyOptions()).Capture(CancellationToken.None);
        try
        {
            string? named = Environment.GetEnvironmentVariable("LLMOPS_TEST_ENGINE");
            Found = await new EngineLocator(new EngineLocatorOptions()).RequireAsync(string.IsNullOrEmpty(named) ? null : named, CancellationToken.None);
        }
        catch (LlmOpsException problem)
        {
            WhyNot = problem.Message;
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
