namespace LlmOps.Planning;

/// <summary>A placement, what it uses, and how it came about.</summary>
/// <param name="Placement">The placement.</param>
/// <param name="Memory">What it uses.</param>
/// <param name="Fits">Whether every device and the host have room.</param>
/// <param name="Why">The rule that chose it, in one sentence.</param>
/// <param name="Rejected">What was tried before, in order.</param>
internal sealed record PlacementChoice(Placement Placement, MemoryPlan Memory, bool Fits, string Why, IReadOnlyList<string> Rejected);
