namespace LlmOps.Configuration;

/// <summary>Reads API keys from files, so that they are in no command line, history or log.</summary>
public static class ApiKeys
{
    /// <summary>The variable that holds the key of a server that LlmOps did not start.</summary>
    public const string Variable = "LLMOPS_API_KEY";

    /// <summary>The first key of a file with one key a line, as llama-server reads it.</summary>
    /// <exception cref="LlmOpsException"><c>KeyFileEmpty</c>, or <c>KeyFileUnreadable</c>.</exception>
    public static string First(string file)
    {
        try
        {
            return File.ReadLines(file).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0)
                ?? throw new LlmOpsException($"the key file {file} is empty; write the API key into it", "KeyFileEmpty");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LlmOpsException($"the key file {file} cannot be read: {problem.Message}", "KeyFileUnreadable", problem);
        }
    }

    /// <summary>The key of <see cref="Variable"/>; null when it is not set.</summary>
    public static string? OfEnvironment => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } key ? key : null;
}
