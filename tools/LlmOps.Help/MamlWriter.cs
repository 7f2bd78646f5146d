using System.Xml.Linq;

namespace LlmOps.Help;

/// <summary>Writes help in the form that Get-Help reads: MAML.</summary>
/// <remarks>Source of the form: PowerShell-Docs, <c>reference/docs-conceptual/developer/help</c>, and what platyPS writes.</remarks>
internal static class MamlWriter
{
    private static readonly XNamespace s_help = "http://msh";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly TypeFacts s_switch = new("switch", "System.Management.Automation.SwitchParameter", false, false, []);

    private static readonly (ParameterFacts Facts, ParameterText Text)[] s_shouldProcess =
    [
        ShouldProcess("Confirm", "cf", "Asks before each change."),
        ShouldProcess("WhatIf", "wi", "Shows what would be done, and does nothing."),
    ];

    public static void Write(string file, IReadOnlyList<CmdletFacts> cmdlets, HelpSource help)
    {
        XElement root = new(
            s_help + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", s_maml),
            new XAttribute(XNamespace.Xmlns + "command", s_command),
            new XAttribute(XNamespace.Xmlns + "dev", s_dev),
            cmdlets.Select(cmdlet => Command(cmdlet, help.Of(cmdlet.Name)!)));
        new XDocument(new XDeclaration("1.0", "utf-8", null), root).Save(file);
    }

    private static XElement Command(CmdletFacts cmdlet, HelpPage page)
    {
        List<(ParameterFacts Facts, ParameterText Text)> parameters =
            [.. cmdlet.Parameters.Select(facts => (facts, page.Parameters.First(text => text.Name == facts.Name)))];
        if (cmdlet.SupportsShouldProcess)
        {
            parameters.AddRange(s_shouldProcess);
        }

        string[] name = cmdlet.Name.Split('-');
        return new XElement(
            s_command + "command",
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", cmdlet.Name),
                new XElement(s_command + "verb", name[0]),
                new XElement(s_command + "noun", name[1]),
                new XElement(s_maml + "description", Paragraph(page.Synopsis))),
            new XElement(s_maml + "description", page.Description.Select(Paragraph)),
            new XElement(s_command + "syntax", cmdlet.Sets.Select(set => SyntaxItem(cmdlet.Name, set, parameters))),
            new XElement(s_command + "parameters", parameters.Select(parameter => Parameter(parameter.Facts, parameter.Text, Widest(parameter.Facts), isSyntax: false))),
            new XElement(s_command + "inputTypes", cmdlet.Inputs.Select(type => TypeElement(s_command + "inputType", type, page.Inputs[type.Name]))),
            new XElement(s_command + "returnValues", cmdlet.Outputs.Select(type => TypeElement(s_command + "returnValue", type, page.Outputs[type.Name]))),
            new XElement(s_command + "examples", page.Examples.Select(Example)),
            new XElement(s_command + "relatedLinks", page.Related.Select(link => new XElement(s_maml + "navigationLink", new XElement(s_maml + "linkText", link), new XElement(s_maml + "uri")))));
    }

    private static XElement SyntaxItem(string cmdlet, string set, IEnumerable<(ParameterFacts Facts, ParameterText Text)> parameters) => new(
        s_command + "syntaxItem",
        new XElement(s_maml + "name", cmdlet),
        from parameter in parameters
        let use = parameter.Facts.In(set)
        where use is not null
        orderby use.Position ?? int.MaxValue, !use.Mandatory, parameter.Facts.IsSwitch
        select Parameter(parameter.Facts, parameter.Text, use, isSyntax: true));

    private static XElement Parameter(ParameterFacts facts, ParameterText text, ParameterSetFacts use, bool isSyntax)
    {
        XElement element = new(
            s_command + "parameter",
            new XAttribute("required", use.Mandatory ? "true" : "false"),
            new XAttribute("variableLength", facts.Type.IsArray ? "true" : "false"),
            new XAttribute("globbing", facts.Wildcards ? "true" : "false"),
            new XAttribute("pipelineInput", Pipeline(use)),
            new XAttribute("position", use.Position?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "named"),
            new XAttribute("aliases", facts.Aliases.Count == 0 ? "none" : string.Join(", ", facts.Aliases)),
            new XElement(s_maml + "name", facts.Name),
            new XElement(s_maml + "description", Explanation(facts, text).Select(Paragraph)));
        if (isSyntax && facts.Choices.Count > 0)
        {
            element.Add(new XElement(s_command + "parameterValueGroup", facts.Choices.Select(choice => Value(s_command + "parameterValue", choice, isSwitch: false))));
        }

        if (!(isSyntax && facts.IsSwitch))
        {
            element.Add(Value(s_command + "parameterValue", facts.Type.ToString(), facts.IsSwitch));
        }

        element.Add(new XElement(s_dev + "type", new XElement(s_maml + "name", facts.Type.ToString()), new XElement(s_maml + "uri")));
        element.Add(new XElement(s_dev + "defaultValue", facts.IsSwitch ? "False" : text.Default is { } value ? PlainText.Of(value) : "None"));
        return element;
    }

    private static IEnumerable<string> Explanation(ParameterFacts facts, ParameterText text)
    {
        foreach (string paragraph in text.Paragraphs)
        {
            yield return paragraph;
        }

        if (text.Unit is not null)
        {
            yield return $"Unit: {text.Unit}.";
        }

        if (facts.Choices.Count > 0)
        {
            yield return $"Values: {string.Join(", ", facts.Choices)}.";
        }
    }

    private static XElement Value(XName name, string text, bool isSwitch) =>
        new(name, new XAttribute("required", isSwitch ? "false" : "true"), new XAttribute("variableLength", "false"), text);

    private static XElement TypeElement(XName name, TypeFacts type, string text) => new(
        name,
        new XElement(s_dev + "type", new XElement(s_maml + "name", type.FullName), new XElement(s_maml + "uri")),
        new XElement(s_maml + "description", Paragraph(text)));

    private static XElement Example(ExampleText example, int index) => new(
        s_command + "example",
        new XElement(s_maml + "title", $"---------- Example {index + 1}: {PlainText.Of(example.Title)} ----------"),
        new XElement(s_dev + "code", example.Code),
        new XElement(s_dev + "remarks", example.Remarks.Append(string.Empty).Select(Paragraph)));

    private static XElement Paragraph(string markdown) => new(s_maml + "para", PlainText.Of(markdown));

    private static string Pipeline(ParameterSetFacts use) => (use.FromPipeline, use.FromProperty) switch
    {
        (true, true) => "True (ByValue, ByPropertyName)",
        (true, false) => "True (ByValue)",
        (false, true) => "True (ByPropertyName)",
        _ => "False",
    };

    // Outside of a set, a parameter is what it is where it is used most directly.
    private static ParameterSetFacts Widest(ParameterFacts facts) =>
        facts.Sets.OrderByDescending(set => set.FromPipeline).ThenByDescending(set => set.Mandatory).ThenBy(set => set.Position ?? int.MaxValue).First();

    private static (ParameterFacts Facts, ParameterText Text) ShouldProcess(string name, string alias, string text) =>
        (new ParameterFacts(name, s_switch, [alias], [], false, null, [new ParameterSetFacts(ParameterSetFacts.All, false, null, false, false)]),
         new ParameterText(1, name, [text], null, null));
}
