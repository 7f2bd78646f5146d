using System.Text.Json;

namespace LlmOps.Hardware;

/// <summary>Topologies as JSON text, so that a plan can be made for a machine that is elsewhere.</summary>
public static class TopologyFile
{
    // Some mistake a model for a topology; a real one is a few KiB.
    private const long MostBytes = 16 * Bytes.MiB;

    /// <summary>Reads a saved topology.</summary>
    /// <exception cref="LlmOpsException"><c>TopologyNotFound</c>, <c>TopologyUnreadable</c> or <c>TopologyInvalid</c>.</exception>
    public static GpuTopology Read(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw Unreadable(path, "it is a folder", null);
            }

            if (new FileInfo(path) is { Exists: true, Length: > MostBytes } file)
            {
                throw new LlmOpsException($"{path}: not a topology: it has {Bytes.Format(file.Length)} and a topology has a few KiB. Save one with 'llmops gpu --json'.", "TopologyInvalid");
            }

            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LlmOpsException($"{path}: no such topology file. Save one with 'llmops gpu --json > {Path.GetFileName(path)}'.", "TopologyNotFound", failure) { Kind = ErrorKind.NotFound };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unreadable(path, failure.Message, failure);
        }
    }

    /// <summary>Reads a topology from JSON text. Unknown fields are ignored and absent ones are unknown.</summary>
    /// <param name="json">The text.</param>
    /// <param name="origin">Where it came from, for messages.</param>
    /// <exception cref="LlmOpsException"><c>TopologyInvalid</c>: not JSON, not a topology, a field of the wrong type, or facts that contradict each other.</exception>
    public static GpuTopology Parse(string json, string origin)
    {
        ArgumentNullException.ThrowIfNull(json);
        TopologyText text = new(json, origin);
        text.RequireTopology();
        if (SentTopology.Find(json) is { } inner)
        {
            return Parse(inner, origin);
        }

        try
        {
            GpuTopology? topology = JsonSerializer.Deserialize(json, TopologyJson.Default.GpuTopology);
            return TopologyRepair.Complete(topology ?? new GpuTopology(), origin);
        }
        catch (JsonException failure)
        {
            throw text.Explain(failure);
        }
    }

    /// <summary>Writes a topology as indented JSON.</summary>
    public static string ToJson(GpuTopology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        return TopologyWriter.ToText(topology);
    }

    private static LlmOpsException Unreadable(string path, string why, Exception? inner) =>
        new($"{path}: this topology file cannot be read: {why.ReplaceLineEndings(" ").TrimEnd('.')}.", "TopologyUnreadable", inner);
}
