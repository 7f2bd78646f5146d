namespace LlmOps.Diagnostics.Checks;

/// <summary>What mends a finding: words, and commands where commands do it.</summary>
/// <param name="Words">What to do; the commands are added by <see cref="ToString"/>.</param>
/// <param name="Commands">Commands in order.</param>
internal sealed record Remedy(string Words, params IReadOnlyList<RemedyCommand> Commands)
{
    /// <summary>Only words.</summary>
    public static implicit operator Remedy(string words) => new(words);

    /// <summary>The same with commands after its own.</summary>
    public Remedy Then(params IReadOnlyList<RemedyCommand> more) => this with { Commands = [.. Commands, .. more] };

    /// <inheritdoc/>
    public override string ToString() => Commands.Count == 0 ? Words : $"{Words}: {string.Join("; then ", Commands)}";
}
