using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Configuration;

/// <summary>Reads typed values out of YAML nodes; every error names file, line and column.</summary>
/// <param name="origin">What to call the text in errors.</param>
internal sealed class YamlNodes(string origin)
{
    /// <summary>The only document of <paramref name="yaml"/>, which must be a mapping.</summary>
    public YamlMappingNode Document(string yaml)
    {
        YamlStream stream = [];
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException problem)
        {
            throw new ConfigException(origin, problem.Start.Line, problem.Start.Column, $"this is not valid YAML: {problem.Message.ReplaceLineEndings(" ")}", problem);
        }

        return stream.Documents.Count switch
        {
            0 => throw new ConfigException(origin, 1, 1, "the file is empty; a server configuration needs at least name and model"),
            1 => Mapping(stream.Documents[0].RootNode, "the file"),
            _ => throw Error(stream.Documents[1].RootNode, "a second document starts here; a file holds one server"),
        };
    }

    /// <summary>The node as a mapping.</summary>
    public YamlMappingNode Mapping(YamlNode node, string name) =>
        node as YamlMappingNode ?? throw Error(node, $"{name} must be a block of 'key: value' lines, not {Kind(node)}");

    /// <summary>The node's entries.</summary>
    public IEnumerable<YamlNode> Sequence(YamlNode node, string name) =>
        node is YamlSequenceNode list ? list.Children
        : IsNull(node) ? []
        : throw Error(node, $"{name} must be a list ('- entry' lines), not {Kind(node)}");

    /// <summary>Each key with its value; keys that <paramref name="known"/> lacks are errors.</summary>
    public IEnumerable<(string Key, YamlNode KeyNode, YamlNode Value)> Entries(YamlMappingNode mapping, string place, IReadOnlyList<string>? known)
    {
        foreach ((YamlNode keyNode, YamlNode value) in mapping.Children)
        {
            string key = Text(keyNode, "a key");
            if (known is not null && !known.Contains(key))
            {
                throw Unknown(keyNode, key, place, known);
            }

            yield return (key, keyNode, value);
        }
    }

    /// <summary>The error for a key that does not exist.</summary>
    public ConfigException Unknown(YamlNode node, string key, string place, IEnumerable<string> known)
    {
        string[] names = [.. known];
        string? meant = Spelling.Nearest(key, names);
        string hint = meant is null ? $"known are {string.Join(", ", names)}" : $"did you mean {meant}?";
        return Error(node, $"unknown key '{key}' in {place}; {hint}");
    }

    /// <summary>The node as text.</summary>
    public string Text(YamlNode node, string name) =>
        node is YamlScalarNode { Value: { Length: > 0 } text } && !IsNull(node) ? text : throw Error(node, $"{name} must be a text, not {Kind(node)}");

    /// <summary>The node as text, or null for an empty value.</summary>
    public string? OptionalText(YamlNode node, string name) => IsNull(node) ? null : Text(node, name);

    /// <summary>The node as a whole number within limits.</summary>
    public long Integer(YamlNode node, string name, long minimum, long maximum) =>
        node is YamlScalarNode scalar
        && long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        && number >= minimum && number <= maximum
            ? number
            : throw Error(node, $"{name} must be a whole number from {minimum} to {maximum}, not {Kind(node)}");

    /// <summary>The node as a number of at least 0.</summary>
    public double Number(YamlNode node, string name) =>
        node is YamlScalarNode scalar
        && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && double.IsFinite(number) && number >= 0
            ? number
            : throw Error(node, $"{name} must be a number of at least 0, not {Kind(node)}");

    /// <summary>An error at a node.</summary>
    public ConfigException Error(YamlNode node, string message) => new(origin, node.Start.Line, node.Start.Column, message);

    /// <summary>Whether the node is empty or says null.</summary>
    public static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain } scalar && scalar.Value is null or "" or "~" or "null" && node is YamlScalarNode { Style: ScalarStyle.Plain };

    /// <summary>What a node is, for messages.</summary>
    public static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a block of keys",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: null or "" } => "nothing",
        YamlScalarNode scalar => $"'{scalar.Value}'",
        _ => "an alias",
    };
}
