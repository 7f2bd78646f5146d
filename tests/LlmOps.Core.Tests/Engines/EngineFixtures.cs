using System.Text.Json;
using LlmOps.Engines;

namespace LlmOps.Core.Tests.Engines;

/// <summary>Engines of several versions, from recorded flag lists.</summary>
internal static class EngineFixtures
{
    public static string Path(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "Engines", "Fixtures", file);

    public static EngineCapabilities LlamaServer(string version, params EngineDevice[] devices)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path($"flags-{version}.json")));
        List<EngineFlag> flags = [];
        foreach (JsonElement flag in document.RootElement.EnumerateArray())
        {
            flags.Add(new EngineFlag(
                Texts(flag.GetProperty("names")),
                flag.GetProperty("argument").GetString(),
                Texts(flag.GetProperty("choices")),
                string.Empty,
                null));
        }

        return new EngineCapabilities { Engine = "llama.cpp", Path = $"/opt/{version}/llama-server", Version = version, Flags = flags, Devices = devices };
    }

    private static string[] Texts(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : [];
}
