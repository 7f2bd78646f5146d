namespace LlmOps.Binding;

/// <summary>Reads API keys from files, so that they are in no command line, history or log.</summary>
internal static class ApiKeys
{
    /// <summary>The first key of a file with one key a line.</summary>
    /// <exception cref="LlmOpsException"><c>KeyFileEmpty</c>.</exception>
    public static string First(string file) =>
        File.ReadLines(file).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0)
        ?? throw new LlmOpsException($"{file} holds no API key; write the key into it.", "KeyFileEmpty");
}
