using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>A model folder's <c>config.json</c>, and of multimodal models the part on the language model in it.</summary>
/// <remarks>A name is looked up in the language model's part, then in the whole: files differ in where they put what both share.</remarks>
internal sealed class ConfigJson
{
    private static readonly string[] s_textParts = ["text_config", "llm_config", "language_config", "thinker_config", "language_model_config"];

    private readonly JsonElement _text;

    public ConfigJson(string path, JsonElement root)
    {
        Path = path;
        Root = root;
        _text = TextPart(root);
    }

    public string Path { get; }

    public JsonElement Root { get; }

    /// <exception cref="ModelFormatException">It cannot be read or is damaged.</exception>
    public static ConfigJson Read(string path) => new(path, FolderFile.ReadJson(path));

    /// <summary>The value by its first name that is there and not null.</summary>
    public JsonElement? Find(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Property(_text, name) is { } inText)
            {
                return inText;
            }
        }

        foreach (string name in names)
        {
            if (Property(Root, name) is { } inRoot)
            {
                return inRoot;
            }
        }

        return null;
    }

    public bool Has(string name) => Find(name) is not null;

    public string? Text(params ReadOnlySpan<string> names) => Find(names) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public bool? Flag(string name) => Find(name)?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>A whole number from 0 to 2^31-1; of a list (one value a layer) the largest. Null when it is not there.</summary>
    public int? Count(params ReadOnlySpan<string> names)
    {
        if (Find(names) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return Number(names[0], value);
        }

        int? largest = null;
        foreach (JsonElement item in value.EnumerateArray())
        {
            largest = Math.Max(largest ?? 0, Number(names[0], item));
        }

        return largest;
    }

    /// <summary>One number a layer: from a list, or the one value for all. Null when it is not there.</summary>
    public int[]? PerLayer(int layers, params ReadOnlySpan<string> names)
    {
        if (Find(names) is not { } value)
        {
            return null;
        }

        int[] given = Numbers(names[0], value);
        int[] result = new int[layers];
        for (int i = 0; i < layers && given.Length > 0; i++)
        {
            result[i] = given[Math.Min(i, given.Length - 1)];
        }

        return result;
    }

    /// <summary>The whole numbers of a list; null when there is none.</summary>
    public int[]? List(params ReadOnlySpan<string> names) => Find(names) is { ValueKind: JsonValueKind.Array } value ? Numbers(names[0], value) : null;

    /// <summary>The strings of a list; null when there is none, or one of other things.</summary>
    public string[]? Words(params ReadOnlySpan<string> names) =>
        Find(names) is { ValueKind: JsonValueKind.Array } value && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : null;

    public ModelFormatException Invalid(string name, string problem) => new(Path, $"{name}: {problem}; download the file again", "ModelInvalid");

    /// <summary>A property that is there and not null.</summary>
    public static JsonElement? Property(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private int[] Numbers(string name, JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => Number(name, item))]
        : [Number(name, value)];

    private int Number(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt32(out int whole) && whole >= 0 => whole,
        JsonValueKind.Number when value.TryGetDouble(out double number) && number is >= 0 and <= int.MaxValue && number == Math.Floor(number) => (int)number,
        JsonValueKind.Number => throw Invalid(name, $"{value.GetRawText()} is not a whole number from 0 to {int.MaxValue}"),

        // Lists of layers write a layer without attention as null.
        JsonValueKind.Null => 0,
        _ => throw Invalid(name, $"a whole number belongs here, not {value.ValueKind}"),
    };

    private static JsonElement TextPart(JsonElement root)
    {
        JsonElement part = root;
        while (s_textParts.Select(name => Property(part, name)).FirstOrDefault(found => found is { ValueKind: JsonValueKind.Object }) is { } inner)
        {
            part = inner;
        }

        return part;
    }
}
