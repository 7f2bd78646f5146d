namespace LlmOps.Help;

/// <summary>The page of a cmdlet, as written.</summary>
/// <param name="File">Where it is.</param>
/// <param name="Name">The cmdlet.</param>
/// <param name="Synopsis">One sentence.</param>
/// <param name="Description">Paragraphs, in Markdown.</param>
/// <param name="Parameters">What is said of each parameter, by name.</param>
/// <param name="Examples">Examples, in order.</param>
/// <param name="Inputs">What is said of each type that is taken, by its name.</param>
/// <param name="Outputs">What is said of each type that is given, by its name.</param>
/// <param name="Related">Names of cmdlets and topics.</param>
/// <param name="Problems">What could not be read, with its line.</param>
internal sealed record HelpPage(
    string File,
    string Name,
    string Synopsis,
    IReadOnlyList<string> Description,
    IReadOnlyList<ParameterText> Parameters,
    IReadOnlyList<ExampleText> Examples,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyDictionary<string, string> Outputs,
    IReadOnlyList<string> Related,
    IReadOnlyList<HelpProblem> Problems);

/// <summary>What a page says of a parameter.</summary>
/// <param name="Line">Of its heading.</param>
/// <param name="Name">Without the dash.</param>
/// <param name="Paragraphs">What it does, in Markdown.</param>
/// <param name="Default">What holds when it is not given; null when the page does not say.</param>
/// <param name="Unit">What its number counts; null when the page does not say.</param>
internal sealed record ParameterText(int Line, string Name, IReadOnlyList<string> Paragraphs, string? Default, string? Unit);

/// <summary>An example.</summary>
/// <param name="Line">Of its heading.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Code">PowerShell.</param>
/// <param name="Remarks">Paragraphs and what it prints, in Markdown.</param>
internal sealed record ExampleText(int Line, string Title, string Code, IReadOnlyList<string> Remarks);

/// <summary>Something that is missing or wrong in a page.</summary>
/// <param name="File">The page; for a missing one, where it should be.</param>
/// <param name="Line">From 1 on.</param>
/// <param name="Message">One line that names cmdlet and parameter.</param>
internal sealed record HelpProblem(string File, int Line, string Message)
{
    /// <summary>The form that MSBuild reads as an error.</summary>
    public override string ToString() => $"{File}({Line}): error LLMHELP: {Message}";
}
