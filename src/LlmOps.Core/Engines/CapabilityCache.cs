using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LlmOps.Engines;

/// <summary>Remembers what binaries said of themselves, keyed by the file's identity and by the variables that change which devices it sees.</summary>
/// <param name="folder">Where the entries are kept.</param>
/// <param name="writer">Which build of LlmOps reads and writes; null for this one. What another build wrote may lack what this one needs, so it is not read.</param>
internal sealed class CapabilityCache(string folder, string? writer = null)
{
    private readonly string _writer = writer ?? typeof(CapabilityCache).Module.ModuleVersionId.ToString("N");

    /// <summary>Entries kept: a few engines and images, each seen with some choices of devices.</summary>
    internal const int MaxEntries = 24;

    /// <summary>The variables that change which devices a binary sees.</summary>
    public static readonly string[] VariablesThatMatter =
        ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES", "GGML_BACKEND_PATH", "LD_LIBRARY_PATH", "LD_PRELOAD"];

    private string Suffix => $"-{_writer[..8]}.json";

    /// <summary>What is known of the file at <paramref name="path"/>; null when nothing is, or when the file has changed since.</summary>
    public EngineCapabilities? Read(string path) => ReadEntry(EntryFor(path));

    /// <summary>What is known of the image of this id; null when nothing is.</summary>
    public EngineCapabilities? ReadImage(string id) => ReadEntry(EntryForImage(id));

    /// <summary>Remembers <paramref name="engine"/>.</summary>
    public void Write(EngineCapabilities engine) => WriteEntry(EntryFor(engine.Path), engine);

    /// <summary>Remembers what the image of this id said. An id is the hash of what is in the image, so an entry stays true.</summary>
    public void WriteImage(string id, EngineCapabilities engine) => WriteEntry(EntryForImage(id), engine);

    private static EngineCapabilities? ReadEntry(string entry)
    {
        try
        {
            return CapabilityJson.Read(File.ReadAllBytes(entry));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return null; // A cache that cannot be read is an empty one; the binary is asked again.
        }
    }

    private void WriteEntry(string entry, EngineCapabilities engine)
    {
        string draft = $"{entry}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(draft, CapabilityJson.Write(engine));
            File.Move(draft, entry, overwrite: true);
            Sweep();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Without a writable cache the next call asks the binary again: slower, not wrong.
        }
    }

    /// <summary>Bounds the folder: every update of LlmOps or of an engine leaves an entry that nobody reads any more.</summary>
    private void Sweep()
    {
        FileInfo[] entries = new DirectoryInfo(folder).GetFiles("*.json");
        if (entries.Length <= MaxEntries)
        {
            return;
        }

        // This build's own come last: what others wrote is of no use to it.
        foreach (FileInfo entry in entries.OrderByDescending(entry => entry.Name.EndsWith(Suffix, StringComparison.Ordinal)).ThenByDescending(entry => entry.LastWriteTimeUtc).Skip(MaxEntries))
        {
            entry.Delete();
        }
    }

    private string EntryForImage(string id) => Path.Combine(folder, $"image-{id.Replace(':', '-')}{Suffix}");

    private string EntryFor(string path)
    {
        FileInfo file = new(path);
        StringBuilder identity = new();
        identity.Append(CultureInfo.InvariantCulture, $"{path}|{file.Length}|{file.LastWriteTimeUtc.Ticks}");
        foreach (string variable in VariablesThatMatter)
        {
            identity.Append('|').Append(Environment.GetEnvironmentVariable(variable));
        }

        return Path.Combine(folder, Hash(identity.ToString()) + Suffix);
    }

    // FNV-1a of 128 bits (RFC 9923): nobody gains by a collision in a folder of one's own, and loading OpenSSL would be a tenth of a start.
    private static string Hash(string text)
    {
        // Two halves, and the prime as 2^88 + 0x13b: UInt128 has to be compiled first wherever it is used.
        (ulong high, ulong low) = (0x6c62272e07bb0142, 0x62b821756295c58d);
        foreach (byte letter in Encoding.UTF8.GetBytes(text))
        {
            low ^= letter;
            ulong carried = Math.BigMul(low, 0x13b, out ulong product);
            high = (high * 0x13b) + (low << 24) + carried;
            low = product;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{high:x16}{low:x16}");
    }
}
