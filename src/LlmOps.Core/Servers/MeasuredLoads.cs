using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmOps.Engines;
using LlmOps.Serialization;

namespace LlmOps.Servers;

/// <summary>What earlier starts really allocated: one small file for each model and command, kept so that later plans can cite it.</summary>
/// <param name="folder">Where they lie; beside the servers' folders.</param>
/// <remarks>The newest start of a command replaces the one before; when there are more than <see cref="Limit"/> files the oldest go.</remarks>
public sealed class MeasuredLoads(string folder)
{
    /// <summary>Files kept.</summary>
    public const int Limit = 200;

    /// <summary>The ones of this user: <c>~/.local/state/llmops/loads</c>.</summary>
    public static MeasuredLoads Default => Beside(ServerRegistry.Default.Folder);

    /// <summary>Those that belong to the servers in <paramref name="servers"/>.</summary>
    public static MeasuredLoads Beside(string servers) => new(Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(servers))!, "loads"));

    /// <summary>Every load measured, newest first. Files that cannot be read are left out: they are only experience.</summary>
    public IReadOnlyList<MeasuredLoad> ReadAll()
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        List<MeasuredLoad> loads = [];
        foreach (string file in Directory.EnumerateFiles(folder, "*.json"))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
                loads.Add(MeasuredLoad.Read(document.RootElement));
            }
            catch (Exception problem) when (problem is IOException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                continue;
            }
        }

        return [.. loads.OrderByDescending(load => load.At)];
    }

    /// <summary>Loads of this model file, newest first.</summary>
    public IReadOnlyList<MeasuredLoad> OfModel(string path) => [.. ReadAll().Where(load => load.Model == path)];

    /// <summary>Loads of this model file by this engine, newest first; none when the file has another size now.</summary>
    /// <param name="model">The model's path.</param>
    /// <param name="engine">The engine's binary; null for none.</param>
    public IReadOnlyList<MeasuredLoad> Of(string model, string? engine) => engine is null || !File.Exists(model)
        ? []
        : [.. OfModel(model).Where(load => load.EnginePath == engine && load.ModelBytes == new FileInfo(model).Length)];

    /// <summary>Keeps a load.</summary>
    public void Keep(MeasuredLoad load)
    {
        PrivateFile.CreateFolder(folder);
        byte[] key = SHA256.HashData(Encoding.UTF8.GetBytes($"{load.Model}\n{load.ModelBytes}\n{string.Join('\n', load.Arguments)}"));
        PrivateFile.Write(Path.Combine(folder, Convert.ToHexStringLower(key.AsSpan(0, 12)) + ".json"), load.ToJson());
        foreach (FileInfo old in new DirectoryInfo(folder).GetFiles("*.json").OrderByDescending(file => file.LastWriteTimeUtc).Skip(Limit))
        {
            old.Delete();
        }
    }
}

/// <summary>What one start allocated.</summary>
public sealed record MeasuredLoad
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The model's path.</summary>
    public required string Model { get; init; }

    /// <summary>The size of its file, by which a changed model is told.</summary>
    public long ModelBytes { get; init; }

    /// <summary>The engine's binary.</summary>
    public required string EnginePath { get; init; }

    /// <summary>What it was told, without model, name and address.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>What it allocated, by device, beside what was planned.</summary>
    public IReadOnlyList<DeviceAllocation> Devices { get; init; } = [];

    /// <summary>What the engine told of itself; null when it told nothing.</summary>
    public EngineFigures? Figures { get; init; }

    internal byte[] ToJson() => JsonFields.Write(writer =>
    {
        writer.WriteString("at", At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        writer.WriteString("model", Model);
        writer.WriteNumber("modelBytes", ModelBytes);
        writer.WriteString("enginePath", EnginePath);
        writer.WriteStartArray("arguments");
        foreach (string argument in Arguments)
        {
            writer.WriteStringValue(argument);
        }

        writer.WriteEndArray();
        RecordJson.WriteAllocations(writer, "devices", Devices);
        if (Figures is { } figures)
        {
            writer.WritePropertyName("figures");
            figures.Write(writer);
        }
    });

    internal static MeasuredLoad Read(JsonElement root) => new()
    {
        At = root.OptionalTime("at") ?? throw new JsonException("'at' is missing"),
        Model = root.Text("model"),
        ModelBytes = root.GetProperty("modelBytes").GetInt64(),
        EnginePath = root.Text("enginePath"),
        Arguments = [.. root.GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString() ?? string.Empty)],
        Devices = RecordJson.ReadAllocations(root, "devices"),
        Figures = root.OptionalObject("figures") is { } figures ? EngineFigures.Read(figures) : null,
    };
}
