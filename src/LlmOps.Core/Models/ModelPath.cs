using LlmOps.Models.Folders;

namespace LlmOps.Models;

/// <summary>Finds the file that a user means by a path.</summary>
internal static class ModelPath
{
    private const int MostNamesShown = 5;

    /// <summary>The full path of an existing GGUF file or model folder: the path itself, or the one model in the folder.</summary>
    /// <exception cref="ModelFormatException">There is none, or several.</exception>
    public static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        return File.Exists(full) ? (IsPartOfFolder(full) ? Path.GetDirectoryName(full)! : full)
            : !Directory.Exists(full) ? throw NotFound(full)
            : Snapshot(full) is { } snapshot ? OnlyModel(snapshot)
            : OnlyModel(full);
    }

    // People name the folder by a file in it, as they do with GGUF.
    private static bool IsPartOfFolder(string file) =>
        (Path.GetExtension(file) == ".safetensors" || Path.GetFileName(file) is "config.json" or SafetensorsIndex.FileName)
        && FolderReader.Handles(Path.GetDirectoryName(file)!);

    /// <summary>The current snapshot of a repository in the Hugging Face cache; null for any other folder.</summary>
    private static string? Snapshot(string folder)
    {
        string reference = Path.Combine(folder, "refs", "main");
        if (!File.Exists(reference) || new FileInfo(reference).Length > 100)
        {
            return null;
        }

        string snapshot = Path.Combine(folder, "snapshots", File.ReadAllText(reference).Trim());
        return Directory.Exists(snapshot) ? snapshot : null;
    }

    private static string OnlyModel(string folder)
    {
        if (FolderReader.Handles(folder))
        {
            return folder;
        }

        // A projector (mmproj) goes with a model and is none itself.
        string[] models = [.. Files(folder)
            .Where(file => !Path.GetFileName(file).StartsWith("mmproj", StringComparison.OrdinalIgnoreCase))
            .GroupBy(SplitFiles.ModelName, (_, parts) => parts.Order(StringComparer.Ordinal).First())
            .Order(StringComparer.Ordinal)];
        return models.Length switch
        {
            1 => models[0],
            0 => throw new ModelFormatException(
                folder,
                Explain(folder),
                "ModelFolderUnsupported"),
            _ => throw new ModelFormatException(folder, $"a folder with {models.Length} models; give one of them: {List(models)}", "ModelFolderAmbiguous"),
        };
    }

    private static string Explain(string folder)
    {
        return Has("adapter_config.json") ? "a LoRA adapter, not a model; give the folder of the model that it was made for"
            : Has("model_index.json") ? "a diffusion pipeline, which makes pictures; give a language model"
            : !Has("config.json") ? "a folder with no GGUF file, and no config.json with safetensors files either; give the path of a .gguf file or of a model folder"
            : Directory.EnumerateFiles(folder, "*.bin").Any() ? "its weights are PyTorch .bin files, which are not read; get the model as safetensors"
            : "a folder with a config.json and no weights; download the *.safetensors files";

        bool Has(string name) => File.Exists(Path.Combine(folder, name));
    }

    private static ModelFormatException NotFound(string path)
    {
        string folder = Path.GetDirectoryName(path) ?? path;
        if (!Directory.Exists(folder))
        {
            return Missing($"no such file; the folder {folder} does not exist either");
        }

        string[] names = [.. Files(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        string? nearest = Spelling.Nearest(Path.GetFileName(path), names);
        return Missing(
            nearest is not null ? $"no such file; did you mean {nearest}?"
            : names.Length > 0 ? $"no such file; the folder has {List(names)}"
            : "no such file, and no GGUF file beside it");

        ModelFormatException Missing(string problem) => new(path, problem, "ModelNotFound") { Kind = ErrorKind.NotFound };
    }

    private static IEnumerable<string> Files(string folder)
    {
        try
        {
            return Directory.EnumerateFiles(folder, "*.gguf").ToList();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(folder, $"cannot be listed: {cause.Message.ReplaceLineEndings(" ")}", "ModelUnreadable", inner: cause);
        }
    }

    private static string List(string[] paths) =>
        string.Join(", ", paths.Take(MostNamesShown).Select(Path.GetFileName)) + (paths.Length > MostNamesShown ? ", …" : "");
}
