using System.Text.Json;

namespace LlmOps.Servers;

/// <summary>The folder of one server and the files in it.</summary>
/// <param name="path">Its full path; the folder's name is the server's.</param>
internal sealed class ServerFolder(string path)
{
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string Name => System.IO.Path.GetFileName(Path);

    public string RecordFile => System.IO.Path.Combine(Path, "server.json");

    public string ConfigFile => System.IO.Path.Combine(Path, "config.yaml");

    public string LaunchFile => System.IO.Path.Combine(Path, "launch.json");

    public string StopFile => System.IO.Path.Combine(Path, "stop.json");

    public string LogFile => System.IO.Path.Combine(Path, "server.log");

    /// <summary>What the supervisor itself says, which is nothing unless it fails.</summary>
    public string SupervisorLogFile => System.IO.Path.Combine(Path, "supervisor.log");

    /// <summary>The pipe by which an engine's output gets to a supervisor that starts later; gone once it is open.</summary>
    public string OutputPipe => System.IO.Path.Combine(Path, "output.pipe");

    public bool Exists => Directory.Exists(Path);

    /// <exception cref="LlmOpsException">The record is missing or damaged; id <c>ServerRecordDamaged</c>.</exception>
    public ServerRecord ReadRecord()
    {
        ServerRecord record = Read(RecordFile, RecordJson.ReadServer);
        return record.SchemaVersion <= ServerRecord.CurrentSchema
            ? record
            : throw Damaged(RecordFile, $"its schema version {record.SchemaVersion} is newer than {ServerRecord.CurrentSchema}", null);
    }

    public void Write(ServerRecord record) => PrivateFile.Write(RecordFile, RecordJson.Write(record));

    public LaunchRecord ReadLaunch() => Read(LaunchFile, RecordJson.ReadLaunch);

    public void Write(LaunchRecord launch) => PrivateFile.Write(LaunchFile, RecordJson.Write(launch));

    /// <summary>The stop that was asked for; null when none was written down.</summary>
    public StopRequest? ReadStop() => File.Exists(StopFile) ? Read(StopFile, RecordJson.ReadStop) : null;

    /// <summary>Writes down a stop unless one is under way already.</summary>
    /// <returns>Whether this is the first.</returns>
    public bool TryBegin(StopRequest stop)
    {
        string temporary = $"{StopFile}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            using (FileStream file = PrivateFile.Open(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(RecordJson.Write(stop));
            }

            File.Move(temporary, StopFile, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(StopFile))
        {
            File.Delete(temporary);
            return false;
        }
    }

    public void Write(StopRequest stop) => PrivateFile.Write(StopFile, RecordJson.Write(stop));

    private static T Read<T>(string file, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return read(document.RootElement);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Damaged(file, problem.Message.TrimEnd('.'), problem);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Damaged(file, "it does not hold what is expected", problem);
        }
    }

    private static LlmOpsException Damaged(string file, string problem, Exception? inner) => new(
        $"The server record '{file}' cannot be read: {problem}. Stop the server and remove it to start anew.", "ServerRecordDamaged", inner);
}
