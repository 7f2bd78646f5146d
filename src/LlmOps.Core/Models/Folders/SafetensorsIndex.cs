using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary><c>model.safetensors.index.json</c>: which file holds which tensor.</summary>
internal sealed class SafetensorsIndex
{
    public const string FileName = "model.safetensors.index.json";

    private readonly Dictionary<string, (int Count, ulong Sum)> _files = new(StringComparer.Ordinal);

    private SafetensorsIndex(string path) => Path = path;

    public string Path { get; }

    /// <summary>Names of the files, in order.</summary>
    public IReadOnlyList<string> Files => [.. _files.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Bytes of all tensors, as the writer of the index counted them; null when it did not.</summary>
    public long? TotalBytes { get; private set; }

    /// <exception cref="ModelFormatException">It cannot be read or is damaged.</exception>
    public static SafetensorsIndex Read(string path)
    {
        SafetensorsIndex index = new(path);
        JsonElement root = FolderFile.ReadJson(path);
        if (!root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw index.Invalid("weight_map, which says what tensor lies where, is missing");
        }

        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string name = index.FileOf(entry);
            (int count, ulong sum) = index._files.GetValueOrDefault(name);
            index._files[name] = (count + 1, sum + Hash(entry.Name));
        }

        // Floats are seen too: 5.4e9.
        if (root.TryGetProperty("metadata", out JsonElement metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("total_size", out JsonElement size) && size.ValueKind == JsonValueKind.Number && size.TryGetDouble(out double bytes)
            && bytes is >= 0 and < 1e18)
        {
            index.TotalBytes = (long)bytes;
        }

        return index._files.Count > 0 ? index : throw index.Invalid("it names no tensor");
    }

    /// <summary>Checks that a file holds exactly the tensors that the index says.</summary>
    /// <exception cref="ModelFormatException">It does not.</exception>
    public void Check(SafetensorsFile file)
    {
        string name = System.IO.Path.GetFileName(file.Path);
        ulong sum = 0;
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            sum += Hash(tensor.Name);
        }

        // Counts and sums of hashes: a set of names for each file would be the largest thing in memory.
        if (_files[name] != (file.Tensors.Count, sum))
        {
            throw Invalid($"it says {_files[name].Count} tensors for {name}, which holds {file.Tensors.Count}{Difference(name, file)}; both files must be of one download");
        }
    }

    /// <summary>Names of the tensors in a file.</summary>
    public IEnumerable<string> TensorsOf(string file)
    {
        foreach (JsonProperty entry in FolderFile.ReadJson(Path).GetProperty("weight_map").EnumerateObject())
        {
            if (entry.Value.ValueEquals(file))
            {
                yield return entry.Name;
            }
        }
    }

    private string Difference(string name, SafetensorsFile file)
    {
        HashSet<string> said = TensorsOf(name).ToHashSet(StringComparer.Ordinal);
        HashSet<string> held = file.Tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        string? lacking = said.FirstOrDefault(tensor => !held.Contains(tensor));
        string? extra = held.FirstOrDefault(tensor => !said.Contains(tensor));
        return lacking is not null ? $", but not {lacking}" : extra is not null ? $", of which {extra} is not in the index" : ", some of them named twice";
    }

    private string FileOf(JsonProperty entry)
    {
        string? name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;

        // A name that leads elsewhere is an attack or a mistake; neither is followed.
        return name is { Length: > 0 } && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0 && name is not ("." or "..")
            ? name
            : throw Invalid($"{entry.Name} must be given the name of a file in this folder");
    }

    private ModelFormatException Invalid(string problem) => new(Path, $"damaged index: {problem}; download it again", "ModelInvalid");

    // FNV-1a over UTF-16.
    private static ulong Hash(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (char letter in name)
        {
            hash = (hash ^ letter) * 1099511628211;
        }

        return hash;
    }
}
