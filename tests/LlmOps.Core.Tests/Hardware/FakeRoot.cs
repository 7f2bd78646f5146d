namespace LlmOps.Core.Tests.Hardware;

/// <summary>A folder that stands for the root of some machine. Paths are written as on that machine.</summary>
internal sealed class FakeRoot : IDisposable
{
    public FakeRoot() => Path = Directory.CreateTempSubdirectory("llmops-root-").FullName;

    public string Path { get; }

    public string Locate(string path) => System.IO.Path.Join(Path, path);

    public FakeRoot Write(string path, string text)
    {
        string file = Locate(path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return this;
    }

    public FakeRoot WriteBytes(string path, byte[] bytes)
    {
        string file = Locate(path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return this;
    }

    /// <summary>Makes a graphics card as /sys numbers it: a folder with a link to its PCI device.</summary>
    public FakeRoot AddCard(string card, string tree)
    {
        Directory.CreateDirectory(Locate($"/sys/class/drm/{card}"));
        Directory.CreateSymbolicLink(Locate($"/sys/class/drm/{card}/device"), "../../../devices/" + tree);
        return this;
    }

    /// <summary>Makes a PCI device as /sys shows it: a folder on the tree and a link among the devices.</summary>
    /// <param name="tree">The path from the host bridge: <c>pci0000:00/0000:00:02.0/0000:03:00.0</c>.</param>
    /// <param name="files">Its attributes.</param>
    public FakeRoot AddPci(string tree, params (string Name, string Text)[] files)
    {
        foreach ((string name, string text) in files)
        {
            Write($"/sys/devices/{tree}/{name}", text + "\n");
        }

        Directory.CreateDirectory(Locate($"/sys/devices/{tree}"));
        Directory.CreateDirectory(Locate("/sys/bus/pci/devices"));
        string link = Locate("/sys/bus/pci/devices/" + tree.Split('/')[^1]);
        Directory.CreateSymbolicLink(link, "../../../devices/" + tree);
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
