namespace LlmOps.Cli.Output;

/// <summary>Progress as lines on standard error.</summary>
internal sealed class ErrorLines : IProgress<string>
{
    /// <inheritdoc/>
    public void Report(string value) => Console.Error.WriteLine(value);
}
