using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Models.Gguf;

namespace LlmOps.Models;

/// <summary>Models in several files, named as llama.cpp's llama-gguf-split does: <c>NAME-00001-of-00003.gguf</c>.</summary>
internal static partial class SplitFiles
{
    private const int MostNamesShown = 5;

    // Names have five digits.
    private const int MostParts = 99_999;

    /// <summary>All files of the model that <paramref name="part"/> belongs to, in order; just that one when it is whole.</summary>
    /// <exception cref="ModelFormatException">Parts are missing, or this one was renamed.</exception>
    public static IReadOnlyList<string> Find(GgufFile part) => Find(part, null);

    /// <summary>All files of the model, those that are there when missing ones are allowed.</summary>
    /// <param name="part">Any part.</param>
    /// <param name="defects">Takes the names of missing parts; null when they are an error. The first one, with the metadata, must be there.</param>
    /// <exception cref="ModelFormatException">Parts are missing, or this one was renamed.</exception>
    public static IReadOnlyList<string> Find(GgufFile part, List<string>? defects)
    {
        int count = part.Metadata.Count("split.count") ?? 0;
        if (count > MostParts)
        {
            throw part.Metadata.Invalid("split.count", $"{count} parts are more than the {MostParts} that names can count");
        }

        if (count <= 1)
        {
            return [part.Path];
        }

        string folder = Path.GetDirectoryName(part.Path)!;
        Match match = PartName().Match(Path.GetFileName(part.Path));
        int index = (part.Metadata.Count("split.no") ?? 0) + 1;
        if (!match.Success || Number(match, "index") != index || Number(match, "count") != count)
        {
            throw new ModelFormatException(
                part.Path,
                $"part {index} of {count} of a model, but its name does not end in {Suffix(index, count)}; give it its name back",
                "ModelInvalid");
        }

        string[] files = [.. Enumerable.Range(1, count).Select(number => Path.Combine(folder, match.Groups["name"].Value + Suffix(number, count)))];
        string[] missing = [.. files.Where(file => !File.Exists(file)).Select(file => Path.GetFileName(file))];
        if (missing.Length == 0)
        {
            return files;
        }

        string problem = $"{missing.Length} of the model's {count} parts are missing from {folder}: {string.Join(", ", missing.Take(MostNamesShown))}{(missing.Length > MostNamesShown ? ", …" : "")}";
        if (defects is null || !File.Exists(files[0]))
        {
            throw new ModelFormatException(part.Path, problem, "ModelPartMissing");
        }

        defects.Add(problem);
        return [.. files.Where(File.Exists)];
    }

    /// <summary>A file's name without extension and part number.</summary>
    public static string ModelName(string path)
    {
        string file = Path.GetFileName(path);
        Match match = PartName().Match(file);
        return match.Success ? match.Groups["name"].Value : Path.GetFileNameWithoutExtension(file);
    }

    private static string Suffix(int number, int count) => string.Create(CultureInfo.InvariantCulture, $"-{number:D5}-of-{count:D5}.gguf");

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<name>.+)-(?<index>\d{5})-of-(?<count>\d{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PartName();
}
