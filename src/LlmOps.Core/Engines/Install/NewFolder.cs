namespace LlmOps.Engines.Install;

/// <summary>Folders that programs write into at their final place, because what they write names that place.</summary>
internal static class NewFolder
{
    /// <summary>Runs <paramref name="fill"/>; where it fails or is cancelled, nothing of the folder stays.</summary>
    /// <param name="folder">The folder; it must not be there, or <paramref name="replace"/>.</param>
    /// <param name="replace">Whether one that is there is taken away, and given back where the new one fails.</param>
    /// <param name="fill">What writes into it.</param>
    public static async Task<T> MakeAsync<T>(string folder, bool replace, Func<Task<T>> fill)
    {
        string parent = Path.GetDirectoryName(folder)!;
        Directory.CreateDirectory(parent);
        string? before = null;
        if (replace && Directory.Exists(folder))
        {
            before = Path.Combine(parent, $".replaced-{Guid.NewGuid():N}");
            Directory.Move(folder, before);
        }

        try
        {
            T made = await fill().ConfigureAwait(false);
            if (before is not null)
            {
                Directory.Delete(before, recursive: true);
            }

            return made;
        }
        catch
        {
            Discard(folder);
            if (before is not null)
            {
                Directory.Move(before, folder);
            }

            throw;
        }
    }

    /// <summary>Takes away what is half made.</summary>
    public static void Discard(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
