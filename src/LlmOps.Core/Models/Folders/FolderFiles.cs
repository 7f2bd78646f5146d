namespace LlmOps.Models.Folders;

/// <summary>The weight files of a model folder, as vLLM picks them.</summary>
/// <remarks>Source: vllm <c>model_executor/model_loader/weight_utils.py</c>: those that the index names, and never the same weights twice.</remarks>
internal static class FolderFiles
{
    public static bool HasWeights(string folder) => Names(folder).Any() || File.Exists(Path.Combine(folder, SafetensorsIndex.FileName));

    /// <summary>The folder's index, if it has one.</summary>
    public static SafetensorsIndex? Index(string folder)
    {
        string path = Path.Combine(folder, SafetensorsIndex.FileName);
        return File.Exists(path) ? SafetensorsIndex.Read(path) : null;
    }

    /// <summary>Full paths of the files that hold the model, those missing included.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public static IReadOnlyList<string> Find(string folder, SafetensorsIndex? index)
    {
        if (index is not null)
        {
            return [.. index.Files.Select(name => Path.Combine(folder, name))];
        }

        string[] all = [.. Names(folder).Order(StringComparer.Ordinal)];
        string[] wanted = all.Contains("model.safetensors") ? ["model.safetensors"] : [.. all.Where(name => !IsOther(name))];
        return wanted.Length > 0 ? [.. wanted.Select(name => Path.Combine(folder, name))] : throw new ModelFormatException(
            folder,
            Directory.EnumerateFiles(folder, "*.bin").Any()
                ? "the weights are PyTorch .bin files, which are not read; get the model as safetensors"
                : "a folder with a config.json and no weights; download the *.safetensors files",
            "ModelPartMissing");
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFiles(folder, "*.safetensors").Select(path => Path.GetFileName(path));

    // The same weights in Mistral's naming, and what is no model by itself.
    private static bool IsOther(string name) =>
        name.StartsWith("consolidated", StringComparison.Ordinal) || name.StartsWith("adapter_", StringComparison.Ordinal) || name.StartsWith("training_", StringComparison.Ordinal);
}
