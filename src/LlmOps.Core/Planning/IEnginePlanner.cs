using LlmOps.Configuration;

namespace LlmOps.Planning;

/// <summary>Computes launch configurations for one engine.</summary>
internal interface IEnginePlanner
{
    /// <summary>The configuration for <paramref name="request"/>; its problems say what stands in the way.</summary>
    /// <exception cref="LlmOpsException">A pin is impossible, or names something that is not there.</exception>
    public ServerConfig Plan(PlanRequest request);
}
