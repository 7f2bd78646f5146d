using LlmOps.Configuration;
using LlmOps.Planning.Vllm;

namespace LlmOps.Planning;

/// <summary>The planner of each engine, by the name that configurations use.</summary>
internal static class EnginePlanners
{
    private static readonly Dictionary<string, Func<Func<int, int, int?>, IEnginePlanner>> s_planners = new(StringComparer.Ordinal)
    {
        [EngineNames.Vllm] = findFreePort => new VllmPlanner(findFreePort),
    };

    /// <summary>The planner of the engine <paramref name="name"/>; null for the one whose planner <see cref="ServerPlanner"/> is itself.</summary>
    public static IEnginePlanner? Find(string name, Func<int, int, int?> findFreePort) => s_planners.TryGetValue(name, out Func<Func<int, int, int?>, IEnginePlanner>? make) ? make(findFreePort) : null;
}
