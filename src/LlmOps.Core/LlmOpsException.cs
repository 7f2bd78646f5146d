namespace LlmOps;

/// <summary>The base of every error that LlmOps raises on purpose: bad input or a broken contract.</summary>
/// <remarks>The message is one line that says what is wrong, where, and what to do. Front ends print it as it is.</remarks>
public class LlmOpsException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">One line: what, where, what to do.</param>
    /// <param name="errorId">Stable PascalCase id that scripts and tests key on.</param>
    /// <param name="inner">The cause, when there is one.</param>
    public LlmOpsException(string message, string errorId, Exception? inner = null)
        : base(message, inner) => ErrorId = errorId;

    /// <summary>Stable PascalCase id, also the id of the PowerShell error record.</summary>
    public string ErrorId { get; }

    /// <summary>What kind of thing went wrong; decides the exit code and the PowerShell error category.</summary>
    public ErrorKind Kind { get; init; } = ErrorKind.BadInput;
}

/// <summary>What kind of thing went wrong.</summary>
public enum ErrorKind
{
    /// <summary>The caller's input is wrong: a file, a value, a name. Exit code 2.</summary>
    BadInput,

    /// <summary>A named thing does not exist. Exit code 2.</summary>
    NotFound,

    /// <summary>A named thing is there already. Exit code 2.</summary>
    AlreadyExists,

    /// <summary>A finding failed: a plan that does not fit, a check. Exit code 1.</summary>
    Finding,

    /// <summary>A server or an engine failed. Exit code 3.</summary>
    ServerFailed,

    /// <summary>Something took longer than it was given. Exit code 3.</summary>
    Timeout,
}
