namespace LlmOps.Engines.Vllm;

/// <summary>Finds environments of Python by what their makers leave behind, best first.</summary>
/// <remarks>
/// conda: <c>conda-meta/</c> in an environment, <c>~/.conda/environments.txt</c> names all that were ever made. venv: <c>pyvenv.cfg</c> (PEP 405), in
/// which uv writes its own version. uv's tools: <c>~/.local/share/uv/tools</c>.
/// </remarks>
internal sealed class PythonEnvironments(PythonPlaces places, string? pathVariable)
{
    private static readonly string[] s_condaNames = ["miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda"];

    // On shared machines folders of other users lie beside one's own.
    internal static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    /// <summary>Folders of environments, each once.</summary>
    public IReadOnlyList<string> Folders()
    {
        List<string> folders = [];
        Add(folders, places.VirtualEnvironment);
        Add(folders, places.CondaPrefix);
        if (Processes.ExecutableFinder.Find("vllm", pathVariable) is { } onPath)
        {
            Add(folders, OfScript(onPath));
        }

        Add(folders, Path.Combine(places.WorkingFolder, ".venv"));
        Add(folders, Path.Combine(places.WorkingFolder, "venv"));
        string[] bases = [.. s_condaNames.Select(name => Path.Combine(places.Home, name)), .. places.SharedCondaBases];
        foreach (string line in Lines(Path.Combine(places.Home, ".conda", "environments.txt")))
        {
            Add(folders, line.Trim());
        }

        foreach (string conda in bases)
        {
            Add(folders, conda);
            AddAll(folders, Path.Combine(conda, "envs"));
        }

        AddAll(folders, Path.Combine(places.Home, ".local", "share", "uv", "tools"));
        AddAll(folders, Path.Combine(places.Home, ".virtualenvs"));
        AddAll(folders, Path.Combine(places.Home, "venvs"));
        Add(folders, Path.Combine(places.Home, ".venv"));
        Add(folders, Path.Combine(places.Home, ".local"));
        foreach (string prefix in places.SystemPrefixes)
        {
            Add(folders, prefix);
        }

        return folders;
    }

    /// <summary>The environment that a script belongs to, by its first line: <c>#!/home/me/envs/vllm/bin/python</c>; the folder above its own when that says nothing.</summary>
    public static string? OfScript(string script)
    {
        string? first = FirstLine(script);
        string[] words = first is not null && first.StartsWith("#!", StringComparison.Ordinal) ? first[2..].Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        string? python = words.FirstOrDefault(word => Path.GetFileName(word).StartsWith("python", StringComparison.Ordinal) && Path.IsPathRooted(word));
        string? folder = Path.GetDirectoryName(python ?? script);
        return Path.GetFileName(folder) is "bin" or "Scripts" ? Path.GetDirectoryName(folder) : null;
    }

    /// <summary>The folders of <paramref name="environment"/> that packages are installed in, newest Python first.</summary>
    public static IReadOnlyList<string> PackageFolders(string environment)
    {
        string library = Path.Combine(environment, "lib");
        List<string> folders = [];
        if (Directory.Exists(library))
        {
            foreach (string python in Directory.EnumerateDirectories(library, "python3*", Readable).OrderByDescending(Minor))
            {
                folders.Add(Path.Combine(python, "site-packages"));
                folders.Add(Path.Combine(python, "dist-packages"));
            }
        }

        folders.Add(Path.Combine(environment, "Lib", "site-packages"));
        return [.. folders.Where(Directory.Exists)];
    }

    private static int Minor(string folder) =>
        Path.GetFileName(folder).Split('.') is [_, string minor] && int.TryParse(new string([.. minor.TakeWhile(char.IsAsciiDigit)]), out int number) ? number : 0;

    private static string? FirstLine(string file)
    {
        try
        {
            using StreamReader reader = new(file);
            char[] start = new char[512];
            int read = reader.ReadBlock(start, 0, start.Length);
            return new string(start, 0, read).Split('\n')[0];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null; // A launcher that may not be read tells nothing; the folder it lies in still does.
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return []; // A list that belongs to somebody else; what it would name is still found where conda usually puts it.
        }
    }

    private static void Add(List<string> folders, string? folder)
    {
        if (!string.IsNullOrEmpty(folder) && Directory.Exists(folder) && !folders.Contains(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
        {
            folders.Add(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        }
    }

    private static void AddAll(List<string> folders, string parent)
    {
        string[] inside = Directory.Exists(parent) ? [.. Directory.EnumerateDirectories(parent, "*", Readable).Order(StringComparer.Ordinal)] : [];
        foreach (string folder in inside)
        {
            Add(folders, folder);
        }
    }
}
