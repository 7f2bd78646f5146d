using LlmOps.Engines;
using LlmOps.Engines.Vllm;

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

    [Fact]
    public void All_that_is_known_of_an_engine_survives_being_written_and_read()
    {
        string program = Path.Combine(_folder.FullName, "vllm");
        File.WriteAllText(program, "x");
        EngineCapabilities engine = new()
        {
            Engine = "vllm",
            Path = program,
            Version = "0.11.0",
            Build = 7,
            Commit = "abc",
            Flags = [new EngineFlag(["-c", "--ctx-size"], "N", ["on", "off"], "tokens é", "LLAMA_CTX"), new EngineFlag(["--jinja"], null, [], "", null)],
            Devices = [new EngineDevice("CUDA0", "RTX", 24L << 30, null)],
            Problems = ["one"],
            Python = new PythonEnvironment
            {
                Kind = PythonEnvironmentKind.Conda,
                Folder = "/opt/env",
                PythonVersion = "3.12",
                Packages = new Dictionary<string, string> { ["vllm"] = "0.11.0" },
                TorchCuda = "13.0",
                Plugins = [new VllmPlugin("p", "1", ["vllm.general_plugins"], "/opt/p")],
            },
        };
        CapabilityCache cache = new(_folder.FullName);
        cache.Write(engine);

        EngineCapabilities read = cache.Read(program)!;

        Assert.Equivalent(engine, read, strict: true);
    }

    [Fact]
    public void An_entry_that_is_no_entry_is_as_good_as_none()
    {
        string program = Path.Combine(_folder.FullName, "llama-server");
        File.WriteAllText(program, "x");
        CapabilityCache cache = new(_folder.FullName);
        cache.Write(new EngineCapabilities { Engine = "llama.cpp", Path = program });
        string entry = Assert.Single(Directory.GetFiles(_folder.FullName, "*.json"));
        foreach (string damaged in new[] { "", "[]", "{", """{"engine":"llama.cpp","path":7}""", """{"engine":"a","path":"b","flags":[{"names":1}]}""" })
        {
            File.WriteAllText(entry, damaged);

            Assert.Null(cache.Read(program));
        }
    }

    [Fact]
    public void The_folder_is_bounded_and_what_other_builds_wrote_goes_first()
    {
        string program = Path.Combine(_folder.FullName, "llama-server");
        File.WriteAllText(program, "x");
        EngineCapabilities engine = new() { Engine = "llama.cpp", Path = program };
        CapabilityCache mine = new(_folder.FullName, "00000000a");
        mine.Write(engine);
        for (int image = 0; image < 3 * CapabilityCache.MaxEntries; image++)
        {
            new CapabilityCache(_folder.FullName, "11111111b").WriteImage($"sha256:{image}", engine);
        }

        mine.WriteImage("sha256:1", engine);

        Assert.Equal(CapabilityCache.MaxEntries, Directory.GetFiles(_folder.FullName, "*.json").Length);
        Assert.NotNull(mine.ReadImage("sha256:1"));
        Assert.Equal(CapabilityCache.MaxEntries - 1, Directory.GetFiles(_folder.FullName, "*-11111111.json").Length);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
