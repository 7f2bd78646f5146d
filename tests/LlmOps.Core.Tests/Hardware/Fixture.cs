namespace LlmOps.Core.Tests.Hardware;

/// <summary>Files beside the tests.</summary>
internal static class Fixture
{
    public static string PathOf(string name) => Path.Join(AppContext.BaseDirectory, "Hardware", "Fixtures", name);

    public static string Read(string name) => File.ReadAllText(PathOf(name));
}
