namespace LlmOps.Configuration;

/// <summary>A configuration that is not one. The message starts with file, line and column.</summary>
public sealed class ConfigException : LlmOpsException
{
    /// <summary>Makes an error at a place in a file.</summary>
    public ConfigException(string origin, long line, long column, string message, Exception? inner = null)
        : base($"{origin}:{line}:{column}: {message}", "ConfigInvalid", inner)
    {
        Line = line;
        Column = column;
    }

    /// <summary>Line, from 1.</summary>
    public long Line { get; }

    /// <summary>Column, from 1.</summary>
    public long Column { get; }
}
