using LlmOps.Configuration;
using LlmOps.Planning.Vllm;

namespace LlmOps.Planning;

/// <summary>The planner of each engine, by the name that configurations use.</summary>
internal static class EnginePlanners
{
    private static readonly Dictionary<string, Func<Func<int, int, int?>, IEnginePlanner>> s_planners = new(StringComparer.Ordinal)
    {
        [EngineNames.LlamaCpp] = findFreePort => new LlamaCppPlanner(findFreePort),
        [EngineNames.Vllm] = findFreePort => new VllmPlanner(findFreePort),
    };

    /// <summary>The planner of the engine <paramref name="name"/>.</summary>
    public static IEnginePlanner For(string name, Func<int, int, int?> findFreePort) => s_planners[name](findFreePort);
}
