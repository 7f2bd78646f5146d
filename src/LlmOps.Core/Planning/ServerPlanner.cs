using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Planning;

/// <summary>Computes a launch configuration for a model on a machine and says why each value is what it is.</summary>
/// <param name="findFreePort">Looks for a free port: the first to try and how many; null asks this machine.</param>
public sealed class ServerPlanner(Func<int, int, int?>? findFreePort = null)
{
    private readonly Func<int, int, int?> _findFreePort = findFreePort ?? FreePort.From;

    /// <summary>The configuration for <paramref name="request"/>; <see cref="ServerConfig.Problems"/> says what stands in the way.</summary>
    /// <exception cref="LlmOpsException">A pin is impossible, or names something that is not there; the name cannot be a server's.</exception>
    public ServerConfig Plan(PlanRequest request)
    {
        if (request.Name is not null && ServerNaming.Problem(request.Name) is { } misnamed)
        {
            throw new LlmOpsException(misnamed, "ServerNameInvalid");
        }

        return EnginePlanners.For(EngineSelection.For(request.EngineName, request.Model.Format), _findFreePort).Plan(request);
    }
}
