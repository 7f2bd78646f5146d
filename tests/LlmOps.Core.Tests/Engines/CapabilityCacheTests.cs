using LlmOps.Engines;

namespace LlmOps.Core.Tests.Engines;

public sealed class CapabilityCacheTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmops-capabilities-");

    [Fact]
    public void What_was_written_is_read_by_the_same_build_and_not_by_another()
    {
        string program = Path.Combine(_folder.FullName, "llama-server");
        File.WriteAllText(program, "x");
        EngineCapabilities engine = new() { Engine = "llama.cpp", Path = program, Version = "0.7.0", Problems = ["one"] };
        new CapabilityCache(_folder.FullName, "00000000a").Write(engine);
        new CapabilityCache(_folder.FullName, "00000000a").WriteImage("sha256:12", engine);

        Assert.Equal(["one"], new CapabilityCache(_folder.FullName, "00000000a").Read(program)!.Problems);
        Assert.Equal("0.7.0", new CapabilityCache(_folder.FullName, "00000000a").ReadImage("sha256:12")!.Version);
        Assert.Null(new CapabilityCache(_folder.FullName, "11111111b").Read(program));
        Assert.Null(new CapabilityCache(_folder.FullName, "11111111b").ReadImage("sha256:12"));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
