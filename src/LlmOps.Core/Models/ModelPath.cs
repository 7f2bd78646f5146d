namespace LlmOps.Models;

/// <summary>Finds the file that a user means by a path.</summary>
internal static class ModelPath
{
    private const int MostNamesShown = 5;

    /// <summary>The full path of an existing file: the path itself, or the one model in the folder.</summary>
    /// <exception cref="ModelFormatException">There is none, or several.</exception>
    public static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        return File.Exists(full) ? full
            : Directory.Exists(full) ? OnlyModel(full)
            : throw NotFound(full);
    }

    private static string OnlyModel(string folder)
    {
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
                File.Exists(Path.Combine(folder, "config.json"))
                    ? "a folder with no GGUF file; reading safetensors models is not there yet: convert it with llama.cpp's convert_hf_to_gguf.py"
                    : "a folder with no GGUF file; give the path of a .gguf file",
                "ModelFolderUnsupported"),
            _ => throw new ModelFormatException(folder, $"a folder with {models.Length} models; give one of them: {List(models)}", "ModelFolderAmbiguous"),
        };
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
