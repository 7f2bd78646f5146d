using System.IO.Enumeration;
using System.Text.Json;

namespace LlmOps.Diagnostics.Fixes;

/// <summary>The records of what was done about findings, in the state folder.</summary>
/// <param name="stateFolder">LlmOps' state folder.</param>
public sealed class FixRecords(string stateFolder)
{
    /// <summary>The records of this user.</summary>
    public static FixRecords Default => new(LlmOpsFolders.State);

    private string Folder { get; } = Path.Combine(stateFolder, "fixes");

    /// <summary>All of them, the newest first. Records that cannot be read are left out.</summary>
    public IReadOnlyList<FixRecord> List() => !Directory.Exists(Folder) ? []
        : [.. Directory.EnumerateFiles(Folder, "*.json").Select(Read).OfType<FixRecord>().OrderByDescending(record => record.At).ThenByDescending(record => record.Name, StringComparer.Ordinal)];

    /// <summary>The records that <paramref name="pattern"/> names, with wildcards, or that are of the check of that id.</summary>
    /// <exception cref="LlmOpsException"><c>FixNotFound</c>: nothing without wildcards has that name.</exception>
    public IReadOnlyList<FixRecord> Find(string pattern)
    {
        FixRecord[] found = [.. List().Where(record => FileSystemName.MatchesSimpleExpression(pattern, record.Name) || FileSystemName.MatchesSimpleExpression(pattern, record.CheckId))];
        return found.Length > 0 || pattern.AsSpan().ContainsAny('*', '?') ? found
            : throw new LlmOpsException($"nothing that was done is called '{pattern}'; 'llmops doctor --fixes' lists what was", "FixNotFound") { Kind = ErrorKind.NotFound };
    }

    /// <summary>Remembers <paramref name="record"/>, in place of one of the same name.</summary>
    internal void Write(FixRecord record)
    {
        Directory.CreateDirectory(Folder);
        string file = Path.Combine(Folder, record.Name + ".json");
        File.WriteAllBytes(file + ".draft", JsonSerializer.SerializeToUtf8Bytes(record, FixRecordJson.Default.FixRecord));
        File.Move(file + ".draft", file, overwrite: true);
    }

    private static FixRecord? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), FixRecordJson.Default.FixRecord);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // A damaged record tells nothing that could be undone; the others still do.
        }
    }
}
