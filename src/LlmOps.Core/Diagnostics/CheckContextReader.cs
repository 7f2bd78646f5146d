using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Processes;

namespace LlmOps.Diagnostics;

/// <summary>Gathers what the checks look at. What cannot be gathered is for the checks to report.</summary>
public static class CheckContextReader
{
    /// <summary>Surveys the machine, finds the engine and reads the model.</summary>
    /// <exception cref="LlmOpsException"><c>ModelNotFound</c>: the model that was named is not there; or there is no engine of that name.</exception>
    public static async Task<CheckContext> ReadAsync(CheckRequest request, CancellationToken cancellationToken)
    {
        CheckContext context = new()
        {
            Topology = request.Topology ?? new TopologySurvey(request.Survey).Capture(cancellationToken),
            Config = request.Config,
            Roles = request.Roles,
            SystemRoot = request.IsOtherMachine ? null : request.Survey.SystemRoot,
            PathVariable = request.Locator.PathVariable,
            GetEnvironmentVariable = request.IsOtherMachine ? _ => null : request.Survey.GetEnvironmentVariable,
        };
        context = WithModel(context, request);
        return await WithEngineAsync(context, request, cancellationToken).ConfigureAwait(false);
    }

    private static CheckContext WithModel(CheckContext context, CheckRequest request)
    {
        if ((request.Model ?? request.Config?.Model) is not { } path)
        {
            return context;
        }

        try
        {
            return context with { Model = ModelReader.Read(path, new ModelReadOptions(AllowIncomplete: true)) };
        }
        catch (ModelFormatException problem) when (request.Model is null || problem.ErrorId != "ModelNotFound")
        {
            // A model that the configuration names lies where it will run: that it is not here says nothing of another machine.
            return request.IsOtherMachine && request.Model is null && problem.ErrorId == "ModelNotFound" ? context : context with { ModelProblem = problem.Message };
        }
    }

    private static async Task<CheckContext> WithEngineAsync(CheckContext context, CheckRequest request, CancellationToken cancellationToken)
    {
        string? path = request.EnginePath ?? request.Config?.EnginePath;
        if (request.IsOtherMachine && request.EnginePath is null)
        {
            return context;
        }

        if (request.Engine is { } named)
        {
            _ = KnownEngines.Require(named); // A slip of the caller's, and no finding about the machine.
        }

        string? wanted = request.Engine ?? request.Config?.Engine ?? (context.Model is { } model ? EngineSelection.For(null, model.Format) : null);
        try
        {
            EngineCapabilities? engine = await FindAsync(request, wanted, path, cancellationToken).ConfigureAwait(false);
            EngineCapabilities? vllm = engine?.Python is null && wanted is null && path is null ? await FindAsync(request, EngineNames.Vllm, null, cancellationToken).ConfigureAwait(false) : null;
            return context with
            {
                Engine = engine ?? vllm,
                Python = vllm?.Python,
                Topology = engine is null || request.IsOtherMachine ? context.Topology : EngineTopology.AddDevices(context.Topology, engine),
            };
        }
        catch (LlmOpsException problem)
        {
            string? tried = request.Survey.GetEnvironmentVariable(EngineLocator.PathVariable) is { Length: > 0 } given ? given : ExecutableFinder.Find("llama-server", request.Locator.PathVariable);
            return context with { EngineProblem = problem.Message, EnginePath = path ?? tried };
        }
    }

    private static Task<EngineCapabilities?> FindAsync(CheckRequest request, string? engine, string? path, CancellationToken cancellationToken) =>
        new EngineLocator(request.Locator with { Engine = engine }).FindBestAsync(path, cancellationToken);
}
