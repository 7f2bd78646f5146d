using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LlmOps.Cli.Output;

/// <summary>Writes one JSON document to standard output: UTF-8 whatever the locale says, and nothing beside it.</summary>
internal static class JsonOutput
{
    /// <summary>Writes a document that is text already.</summary>
    public static void Write(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json.TrimEnd() + "\n");
        using Stream output = Console.OpenStandardOutput();
        output.Write(bytes);
    }

    /// <summary>Writes <paramref name="value"/>.</summary>
    public static void Write<T>(T value, JsonTypeInfo<T> type) => Write(JsonSerializer.Serialize(value, type));
}
