using LlmOps.Engines;

namespace LlmOps.Core.Tests.Engines;

public sealed class KnownDevicesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmops-devices-");
    private readonly KnownDevices _devices;
    private readonly string _server;

    public KnownDevicesTests()
    {
        Assert.SkipWhen(!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EngineLocator.PathVariable)), $"{EngineLocator.PathVariable} is set");
        _devices = new KnownDevices(new EngineLocatorOptions { PathVariable = _folder.FullName, CacheFolder = Path.Combine(_folder.FullName, "cache") });
        _server = Path.Combine(_folder.FullName, "llama-server");
    }

    private EngineCapabilities Engine => new()
    {
        Engine = "llama.cpp",
        Path = _server,
        Devices = [new EngineDevice("Vulkan0", "Intel(R) Arc(TM)\tA770\n", 17_179_869_184, 16_000_000_000), new EngineDevice("Vulkan1", "llvmpipe", null, null)],
    };

    [Fact]
    public void What_an_engine_said_is_known_until_its_file_changes()
    {
        AddServer();
        Assert.Null(_devices.Read());
        _devices.Write(Engine);

        Assert.Equal([new EngineDevice("Vulkan0", "Intel(R) Arc(TM) A770 ", 17_179_869_184, 16_000_000_000), new EngineDevice("Vulkan1", "llvmpipe", null, null)], _devices.Read());

        File.AppendAllText(_server, "# updated\n");
        Assert.Null(_devices.Read());
    }

    [Fact]
    public void An_engine_without_devices_is_known_to_have_none()
    {
        AddServer();
        _devices.Write(Engine with { Devices = [] });
        Assert.Empty(_devices.Read()!);
    }

    [Fact]
    public void An_engine_obtained_since_makes_it_ask_again()
    {
        AddServer();
        _devices.Write(Engine);

        string obtained = Path.Combine(_folder.FullName, "cache", "engines", "llama.cpp");
        Directory.CreateDirectory(obtained);
        Assert.Null(_devices.Read());
        _devices.Write(Engine);
        Assert.NotNull(_devices.Read());
        Directory.CreateDirectory(Path.Combine(obtained, "1.0"));
        Directory.SetLastWriteTimeUtc(obtained, DateTime.UtcNow.AddMinutes(1));
        Assert.Null(_devices.Read());
    }

    [Fact]
    public void Without_any_engine_there_are_no_devices() => Assert.Empty(_devices.Read()!);

    [Theory]
    [InlineData("")]
    [InlineData("1|\n")]
    [InlineData("\0\0\0")]
    public void A_file_that_is_broken_says_nothing(string text)
    {
        AddServer();
        _devices.Write(Engine);
        File.WriteAllText(Path.Combine(_folder.FullName, "cache", "capabilities", "devices.txt"), text);
        Assert.Null(_devices.Read());
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_no_error()
    {
        AddServer();
        File.WriteAllText(Path.Combine(_folder.FullName, "cache"), "a file");
        _devices.Write(Engine);
        Assert.Null(_devices.Read());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void AddServer()
    {
        File.WriteAllText(_server, "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_server, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
