using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class LlamaCppInstallerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LlamaCppInstallerTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-ins are files with POSIX permissions.");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_path_that_is_named_goes_before_all_others()
    {
        string named = _folder.Write("mine/my-server", "", executable: true);
        _folder.Write("bin/llama-server", "", executable: true);
        InstalledEngine? found = new LlamaCppInstaller(Options() with { ExplicitPath = named }).FindInstalled();
        Assert.Equal(new InstalledEngine(named, EngineSource.Path, null, _folder.Below("mine")), found);
    }

    [Fact]
    public async Task A_named_path_that_is_not_there_is_an_error_and_nothing_is_downloaded()
    {
        LlamaCppInstaller installer = new(Options() with { ExplicitPath = "/nowhere/llama-server" });
        Assert.Null(installer.FindInstalled());
        EngineInstallException problem = await Assert.ThrowsAsync<EngineInstallException>(() => installer.ObtainAsync(progress: null, CancellationToken.None));
        Assert.Equal("llama-server was asked for at '/nowhere/llama-server', which is not an executable file; correct the path or leave it out.", problem.Message);
        Assert.False(Directory.Exists(_folder.Below("cache")));
    }

    [Fact]
    public void The_program_on_PATH_is_found()
    {
        _folder.Write("not-executable/llama-server", "");
        string server = _folder.Write("bin/llama-server", "", executable: true);
        Assert.Equal(server, new LlamaCppInstaller(Options()).FindInstalled()?.ServerPath);
    }

    [Fact]
    public void A_source_that_is_not_wanted_is_not_asked()
    {
        _folder.Write("bin/llama-server", "", executable: true);
        Assert.Null(new LlamaCppInstaller(Options() with { Sources = [EngineSource.Cache] }).FindInstalled());
    }

    [Fact]
    public async Task When_all_fail_one_line_says_what_was_tried_and_why_it_failed_and_what_to_do()
    {
        using ReleaseServer server = new([]) { ListStatus = 404 };
        LlamaCppInstaller installer = new(Options() with { ReleaseApi = server.Address });

        EngineInstallException problem = await Assert.ThrowsAsync<EngineInstallException>(() => installer.ObtainAsync(progress: null, CancellationToken.None));

        Assert.Equal(
            $"No llama-server could be obtained: PATH has no llama-server; {_folder.Below("cache", "engines", "llama.cpp")} holds no complete install; "
            + "Debian's packages need apt-get and dpkg-deb, and PATH lacks them; "
            + $"llama.cpp's release from {server.Address.Authority}: Response status code does not indicate success: 404 (Not Found). "
            + "Install llama.cpp and put llama-server on PATH, or name its full path.",
            problem.Message);
        Assert.Equal("EngineInstallFailed", problem.ErrorId);
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_says_what_to_do()
    {
        string file = _folder.Write("cache", "a file where a folder should be");
        EngineInstallException problem = await Assert.ThrowsAsync<EngineInstallException>(
            () => new LlamaCppInstaller(Options() with { CacheFolder = file }).ObtainAsync(progress: null, CancellationToken.None));
        Assert.EndsWith("Set XDG_CACHE_HOME to a folder that can be written.", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_path_that_the_program_loader_would_misread_fails_before_anything_is_fetched()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/apt-get") && File.Exists("/usr/bin/dpkg-deb"), "Needs apt-get and dpkg-deb.");
        LlamaCppInstaller installer = new(Options() with { CacheFolder = _folder.Below("a:b"), PathVariable = "/usr/bin", Sources = [EngineSource.DebianPackages] });
        EngineInstallException problem = await Assert.ThrowsAsync<EngineInstallException>(() => installer.ObtainAsync(progress: null, CancellationToken.None));
        Assert.Contains("which the program loader cannot take", problem.Message, StringComparison.Ordinal);
    }

    private LlamaCppInstallerOptions Options() => new()
    {
        PathVariable = $"{_folder.Below("not-executable")}:{_folder.Below("bin")}",
        CacheFolder = _folder.Below("cache"),
    };
}
