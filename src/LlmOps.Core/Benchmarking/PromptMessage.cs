namespace LlmOps.Benchmarking;

/// <summary>One message of a prompt.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">UTF-8.</param>
internal readonly record struct PromptMessage(string Role, ReadOnlyMemory<byte> Content);
