using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>The one place where errors become error records: id, category and what to do.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(LlmOpsException failure, object? target)
    {
        ErrorRecord record = new(failure, failure.ErrorId, CategoryOf(failure.Kind), target);
        if (failure is ServerFailedException { Findings: [var cause, ..] })
        {
            record.ErrorDetails = new ErrorDetails(failure.Message) { RecommendedAction = cause.Remedy };
        }

        return record;
    }

    public static ErrorRecord FromFileAccess(Exception failure, object? target) =>
        failure is UnauthorizedAccessException
            ? new ErrorRecord(failure, "FileAccessDenied", ErrorCategory.PermissionDenied, target)
            : new ErrorRecord(failure, "FileNotUsable", ErrorCategory.OpenError, target);

    private static ErrorCategory CategoryOf(ErrorKind kind) => kind switch
    {
        ErrorKind.BadInput => ErrorCategory.InvalidArgument,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.AlreadyExists => ErrorCategory.ResourceExists,
        ErrorKind.Finding => ErrorCategory.InvalidResult,
        ErrorKind.ServerFailed => ErrorCategory.ResourceUnavailable,
        ErrorKind.Timeout => ErrorCategory.OperationTimeout,
        _ => ErrorCategory.NotSpecified,
    };
}
