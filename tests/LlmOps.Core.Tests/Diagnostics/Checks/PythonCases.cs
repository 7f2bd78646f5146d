namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of Python.</summary>
internal static class PythonCases
{
    public static IReadOnlyList<CheckCase> All { get; } = [];
}
