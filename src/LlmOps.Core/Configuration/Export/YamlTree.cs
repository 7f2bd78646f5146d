using System.Globalization;
using System.Text;

namespace LlmOps.Configuration.Export;

/// <summary>Writes trees of maps, lists and values as YAML. Texts are quoted wherever another reader could take them for something else.</summary>
internal static class YamlTree
{
    /// <summary>The text of a document.</summary>
    public static string Write(YamlMap document)
    {
        StringBuilder text = new();
        Map(text, document, 0);
        return text.ToString();
    }

    private static void Map(StringBuilder text, YamlMap map, int depth, bool isItem = false)
    {
        foreach ((string key, object? value) in map.Entries)
        {
            text.Append(' ', isItem ? 0 : depth).Append(YamlScalar.Of(key)).Append(':');
            isItem = false;
            Value(text, value, depth + 2);
        }
    }

    private static void Value(StringBuilder text, object? value, int depth)
    {
        switch (value)
        {
            case YamlMap { Entries.Count: > 0 } map:
                text.Append('\n');
                Map(text, map, depth);
                break;
            case YamlMap:
                text.Append(" {}\n");
                break;
            case YamlLines lines:
                text.Append(" |-\n");
                foreach (string line in lines.Lines)
                {
                    text.Append(' ', depth).Append(line).Append('\n');
                }

                break;
            case IReadOnlyList<object> { Count: 0 }:
                text.Append(" []\n");
                break;
            case IReadOnlyList<object> list:
                text.Append('\n');
                foreach (object item in list)
                {
                    text.Append(' ', depth).Append('-');
                    if (item is YamlMap { Entries.Count: > 0 } map)
                    {
                        text.Append(' ');
                        Map(text, map, depth + 2, isItem: true);
                    }
                    else
                    {
                        Value(text, item, depth + 2);
                    }
                }

                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string { Length: 0 } => "\"\"",
        string words => YamlScalar.Of(words),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}

/// <summary>Keys in order; entries without a value are left out.</summary>
internal sealed class YamlMap : System.Collections.IEnumerable
{
    private readonly List<KeyValuePair<string, object?>> _entries = [];

    /// <summary>The entries.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Entries => _entries;

    /// <summary>Adds a value; null, an empty list and an empty map are not written.</summary>
    public void Add(string key, object? value)
    {
        if (value is not (null or YamlMap { Entries.Count: 0 } or IReadOnlyList<object> { Count: 0 }))
        {
            _entries.Add(new(key, value));
        }
    }

    /// <inheritdoc />
    public System.Collections.IEnumerator GetEnumerator() => _entries.GetEnumerator();
}

/// <summary>A text of several lines, written as a block.</summary>
internal sealed record YamlLines(IReadOnlyList<string> Lines);
