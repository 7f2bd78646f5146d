using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace LlmOps.Binding;

/// <summary>Completes folders and model files, and nothing else.</summary>
public sealed class ModelFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public ModelFileCompleter()
        : base(".gguf")
    {
    }
}

/// <summary>Completes folders, model files and template files, and nothing else.</summary>
public sealed class TemplateFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public TemplateFileCompleter()
        : base(".gguf", ".jinja")
    {
    }
}

/// <summary>Completes folders and configuration files, and nothing else.</summary>
public sealed class ConfigFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public ConfigFileCompleter()
        : base(".yaml", ".yml")
    {
    }
}

/// <summary>Completes folders and saved topologies or measurements, and nothing else.</summary>
public sealed class JsonFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public JsonFileCompleter()
        : base(".json")
    {
    }
}

/// <summary>Completes folders and reports, and nothing else.</summary>
public sealed class ReportFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public ReportFileCompleter()
        : base(".html", ".md", ".json", ".csv")
    {
    }
}

/// <summary>Completes folders and chat templates, and nothing else.</summary>
public sealed class JinjaFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public JinjaFileCompleter()
        : base(".jinja", ".j2")
    {
    }
}

/// <summary>Completes folders and logs, and nothing else.</summary>
public sealed class LogFileCompleter : FileCompleter
{
    /// <summary>Makes the completer.</summary>
    public LogFileCompleter()
        : base(".log", ".txt")
    {
    }
}

/// <summary>Completes folders and files that end in one of a few ways.</summary>
/// <param name="endings">How the files end.</param>
public abstract class FileCompleter(params string[] endings) : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        CompletionCompleters.CompleteFilename(wordToComplete).Where(found =>
            found.ResultType == CompletionResultType.ProviderContainer
            || endings.Any(ending => found.ListItemText.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
}
