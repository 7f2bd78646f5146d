namespace LlmOps.Cli.Output;

/// <summary>Steps as lines on standard error. What a step prints itself passes by on one line of a terminal, and stays out of files: compilers print thousands.</summary>
internal sealed class StepLines : IProgress<string>
{
    private const int Width = 100;
    private string _step = string.Empty;

    /// <inheritdoc/>
    public void Report(string value)
    {
        bool isDetail = _step.Length > 0 && value.StartsWith(_step + ": ", StringComparison.Ordinal);
        bool passes = !Console.IsErrorRedirected;
        if (!isDetail)
        {
            _step = value;
            Console.Error.WriteLine(passes ? $"\r\u001b[K{value}" : value);
        }
        else if (passes)
        {
            string detail = value[(_step.Length + 2)..];
            Console.Error.Write($"\r\u001b[K  {(detail.Length > Width ? detail[..Width] : detail)}");
        }
    }

    /// <summary>Takes the passing line away.</summary>
    public static void End()
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r\u001b[K");
        }
    }
}
