using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>The tool that requests offer when tool calls are measured: one function that must be called, with two arguments to write.</summary>
internal static class MeasuringTool
{
    /// <summary>Writes <c>tools</c> and <c>tool_choice</c>.</summary>
    public static void Write(Utf8JsonWriter json)
    {
        json.WritePropertyName("tools"u8);
        json.WriteRawValue(
            """[{"type":"function","function":{"name":"note","description":"Keeps a note of the text.","parameters":{"type":"object","properties":{"title":{"type":"string"},"text":{"type":"string"}},"required":["title","text"]}}}]"""u8);
        json.WriteString("tool_choice"u8, "required"u8);
    }
}
