using System.Text.Json;
using LlmOps.Engines.Vllm;
using LlmOps.Serialization;

namespace LlmOps.Engines;

/// <summary>What an engine said of itself as JSON, for the cache.</summary>
internal static class CapabilityJson
{
    public static byte[] Write(EngineCapabilities engine) => JsonFields.Write(writer =>
    {
        writer.WriteString("engine", engine.Engine);
        writer.WriteString("path", engine.Path);
        writer.Field("version", engine.Version);
        writer.Field("build", engine.Build);
        writer.Field("commit", engine.Commit);
        writer.Field("problems", engine.Problems);
        writer.Entries("flags", engine.Flags, flag =>
        {
            writer.Field("names", flag.Names);
            writer.Field("argument", flag.Argument);
            writer.Field("choices", flag.Choices);
            writer.WriteString("help", flag.Help);
            writer.Field("environment", flag.Environment);
        });
        writer.Entries("devices", engine.Devices, device =>
        {
            writer.WriteString("name", device.Name);
            writer.WriteString("description", device.Description);
            writer.Field("totalBytes", device.TotalBytes);
            writer.Field("freeBytes", device.FreeBytes);
        });
        if (engine.Python is { } python)
        {
            writer.Object("python", () => Write(writer, python));
        }
    });

    /// <exception cref="JsonException">It is something else.</exception>
    /// <exception cref="InvalidOperationException">It is something else.</exception>
    public static EngineCapabilities Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        return new EngineCapabilities
        {
            Engine = root.Text("engine"),
            Path = root.Text("path"),
            Version = root.OptionalText("version"),
            Build = root.OptionalNumber("build"),
            Commit = root.OptionalText("commit"),
            Problems = root.Texts("problems"),
            Flags = root.Entries("flags", flag => new EngineFlag(flag.Texts("names"), flag.OptionalText("argument"), flag.Texts("choices"), flag.Text("help"), flag.OptionalText("environment"))),
            Devices = root.Entries("devices", device => new EngineDevice(device.Text("name"), device.Text("description"), device.OptionalLong("totalBytes"), device.OptionalLong("freeBytes"))),
            Python = root.OptionalObject("python") is { } python ? ReadPython(python) : null,
        };
    }

    private static void Write(Utf8JsonWriter writer, PythonEnvironment python)
    {
        writer.WriteString("kind", python.Kind.ToString());
        writer.WriteString("folder", python.Folder);
        writer.Field("pythonVersion", python.PythonVersion);
        writer.Field("packages", python.Packages);
        writer.Field("torchCuda", python.TorchCuda);
        writer.Entries("plugins", python.Plugins, plugin =>
        {
            writer.WriteString("name", plugin.Name);
            writer.WriteString("version", plugin.Version);
            writer.Field("entryPoints", plugin.EntryPoints);
            writer.Field("launcher", plugin.Launcher);
        });
    }

    private static PythonEnvironment ReadPython(JsonElement python) => new()
    {
        Kind = python.Choice<PythonEnvironmentKind>("kind"),
        Folder = python.Text("folder"),
        PythonVersion = python.OptionalText("pythonVersion"),
        Packages = python.TextsByName("packages"),
        TorchCuda = python.OptionalText("torchCuda"),
        Plugins = python.Entries("plugins", plugin => new VllmPlugin(plugin.Text("name"), plugin.Text("version"), plugin.Texts("entryPoints"), plugin.OptionalText("launcher"))),
    };
}
