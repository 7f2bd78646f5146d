namespace LlmOps.Benchmarking;

/// <summary>What one figure of a measurement means.</summary>
/// <param name="Name">The figure, as tables and reports call it.</param>
/// <param name="Meaning">How it is made.</param>
/// <param name="Matches">The public definition that it is the same as, or differs from and how; empty for a figure that only LlmOps has.</param>
/// <param name="Field">The property of <see cref="ThroughputResult"/> that holds it, as JSON has it; empty for a remark on all figures.</param>
public sealed record FigureDefinition(string Name, string Meaning, string Matches, string Field);
