using System.Text.Json.Serialization;

namespace LlmOps.Engines;

/// <summary>What will be executed: a file, its arguments as a list, and the variables added to the environment. Never holds a secret.</summary>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments, in order.</param>
/// <param name="Environment">Variables added to the caller's.</param>
public sealed record LaunchCommand(string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Variables whose values are the first line of a file, read when it is started: API keys. Null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? SecretFiles { get; init; }
}
