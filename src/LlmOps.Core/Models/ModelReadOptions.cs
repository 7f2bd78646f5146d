namespace LlmOps.Models;

/// <summary>How strict reading a model is.</summary>
/// <param name="AllowIncomplete">
/// Whether a model whose weights are missing, in part or altogether, is described from its headers, with what is missing in
/// <see cref="ModelDescription.Defects"/>. Otherwise it is refused.
/// </param>
public sealed record ModelReadOptions(bool AllowIncomplete = false)
{
    /// <summary>Only complete models.</summary>
    public static ModelReadOptions Default { get; } = new();
}
