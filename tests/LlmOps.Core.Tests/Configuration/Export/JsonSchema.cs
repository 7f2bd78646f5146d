using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Tests.Configuration.Export;

/// <summary>Holds YAML against a published JSON Schema (draft 7). A keyword that it does not know is an error, so that nothing goes unchecked.</summary>
internal sealed class JsonSchema(JsonElement root)
{
    private static readonly string[] s_notes = ["$id", "$schema", "title", "default", "definitions", "deprecated", "format", "then"];

    public static JsonSchema Read(string name) =>
        new(JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Configuration", "Export", "Fixtures", "Schemas", name + ".json"))).RootElement);

    /// <summary>What is wrong with a document; empty for one that fits.</summary>
    public IReadOnlyList<string> Problems(YamlNode document) => [.. Check(root, document, "")];

    private IEnumerable<string> Check(JsonElement schema, YamlNode node, string path)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True ? [] : [$"{path}: not allowed"];
        }

        return schema.EnumerateObject().SelectMany(keyword => Check(schema, keyword.Name, keyword.Value, node, path));
    }

    private IEnumerable<string> Check(JsonElement schema, string keyword, JsonElement value, YamlNode node, string path)
    {
        string[] types = [.. Types(node)];
        string? text = types.Contains("string") ? ((YamlScalarNode)node).Value! : null;
        double? number = types.Contains("number") ? double.Parse(((YamlScalarNode)node).Value!, CultureInfo.InvariantCulture) : null;
        IReadOnlyList<YamlNode>? items = (node as YamlSequenceNode)?.Children.ToArray();
        (string Key, YamlNode Value)[]? entries = (node as YamlMappingNode)?.Children.Select(entry => (((YamlScalarNode)entry.Key).Value!, entry.Value)).ToArray();
        return keyword switch
        {
            _ when s_notes.Contains(keyword) => [],
            "type" => Fails(!Words(value).Intersect(types).Any(), $"is {types[0]}, not {value}"),
            "enum" => Fails(!value.EnumerateArray().Any(item => item.ToString() == (node as YamlScalarNode)?.Value), $"is none of {value}"),
            "$ref" => Check(Resolve(value.GetString()!), node, path),
            "pattern" => Fails(text is not null && !Regex.IsMatch(text, value.GetString()!), $"does not match {value}"),
            "minLength" => Fails(text?.Length < value.GetInt32(), "is too short"),
            "maxLength" => Fails(text?.Length > value.GetInt32(), "is too long"),
            "minimum" => Fails(number < value.GetDouble(), $"is below {value}"),
            "maximum" => Fails(number > value.GetDouble(), $"is above {value}"),
            "minItems" => Fails(items?.Count < value.GetInt32(), "has too few items"),
            "uniqueItems" => Fails(items is not null && items.Distinct().Count() != items.Count, "has an item twice"),
            "items" => (items ?? []).SelectMany((item, at) => Check(value, item, $"{path}/{at}")),
            "minProperties" => Fails(entries?.Length < value.GetInt32(), "has too few entries"),
            "required" => entries is null ? [] : Words(value).Where(name => !entries.Any(entry => entry.Key == name)).Select(name => $"{path}: lacks {name}"),
            "properties" => (entries ?? []).Where(entry => value.TryGetProperty(entry.Key, out _)).SelectMany(entry => Check(value.GetProperty(entry.Key), entry.Value, $"{path}/{entry.Key}")),
            "patternProperties" => (entries ?? []).SelectMany(entry => value.EnumerateObject().Where(known => Regex.IsMatch(entry.Key, known.Name)).SelectMany(known => Check(known.Value, entry.Value, $"{path}/{entry.Key}"))),
            "additionalProperties" => (entries ?? []).Where(entry => !IsNamed(schema, entry.Key)).SelectMany(entry => Check(value, entry.Value, $"{path}/{entry.Key}")),
            "propertyNames" => (entries ?? []).SelectMany(entry => Check(value, new YamlScalarNode(entry.Key) { Style = ScalarStyle.DoubleQuoted }, $"{path}/{entry.Key}")),
            "allOf" => value.EnumerateArray().SelectMany(part => Check(part, node, path)),
            "oneOf" => Fails(value.EnumerateArray().Count(part => !Check(part, node, path).Any()) != 1, $"fits not just one of {value.GetArrayLength()} forms"),
            "not" => Fails(!Check(value, node, path).Any(), "is excluded"),
            "if" => Check(value, node, path).Any() ? [] : Check(schema.GetProperty("then"), node, path),
            _ => throw new NotSupportedException($"this check does not know the keyword '{keyword}'"),
        };

        IEnumerable<string> Fails(bool isWrong, string what) => isWrong ? [$"{path}: {what}"] : [];
    }

    private static bool IsNamed(JsonElement schema, string key) =>
        (schema.TryGetProperty("properties", out JsonElement named) && named.TryGetProperty(key, out _))
        || (schema.TryGetProperty("patternProperties", out JsonElement patterns) && patterns.EnumerateObject().Any(known => Regex.IsMatch(key, known.Name)));

    private JsonElement Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate(root, (element, name) => element.GetProperty(name));

    private static IEnumerable<string> Words(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(word => word.GetString()!) : [value.GetString()!];

    // What YAML 1.1 and 1.2 both take a plain word for.
    private static IEnumerable<string> Types(YamlNode node) => node switch
    {
        YamlMappingNode => ["object"],
        YamlSequenceNode => ["array"],
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } => ["boolean"],
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "~" or "" } => ["null"],
        YamlScalarNode { Style: ScalarStyle.Plain, Value: var value } when long.TryParse(value, CultureInfo.InvariantCulture, out _) => ["integer", "number"],
        YamlScalarNode { Style: ScalarStyle.Plain, Value: var value } when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => ["number"],
        _ => ["string"],
    };
}
