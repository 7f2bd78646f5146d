namespace LlmOps.Core.Tests.Models;

/// <summary>A folder for one test's model files.</summary>
internal sealed class ModelFolder : IDisposable
{
    public ModelFolder() => Directory.CreateDirectory(Root);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"llmops-models-{Guid.NewGuid():N}");

    public string PathOf(string name) => Path.Combine(Root, name);

    public string Write(string name, GgufHeader header) => Write(name, header.ToBytes());

    /// <summary>Writes a file with a header only; its weights are a hole.</summary>
    public string WriteSparse(string name, GgufHeader header)
    {
        string path = PathOf(name);
        header.WriteSparse(path);
        return path;
    }

    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        string path = PathOf(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
