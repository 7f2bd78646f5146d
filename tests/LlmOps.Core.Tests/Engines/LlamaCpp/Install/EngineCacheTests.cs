using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class EngineCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_complete_install_is_found()
    {
        Install("1.0");
        InstalledEngine? found = Cache().FindComplete();
        Assert.Equal(new InstalledEngine(_folder.Below("1.0", "bin", "llama-server"), EngineSource.Cache, "1.0", _folder.Below("1.0", "bin")), found);
    }

    [Fact]
    public void Of_several_installs_the_newest_is_used()
    {
        Install("2.0", install => install with { InstalledAt = DateTimeOffset.UnixEpoch.AddDays(2) });
        Install("9.0", install => install with { InstalledAt = DateTimeOffset.UnixEpoch.AddDays(1) });
        Assert.Equal("2.0", Cache().FindComplete()?.Version);
    }

    [Fact]
    public void An_install_with_extras_is_used_only_when_no_plainer_one_fits()
    {
        Install("plain");
        Install("vulkan", install => install with { Extras = ["libggml0-backend-vulkan"], InstalledAt = DateTimeOffset.UnixEpoch.AddDays(1) });
        Assert.Equal("plain", Cache().FindComplete()?.Version);
        Assert.Equal("vulkan", Cache("libggml0-backend-vulkan").FindComplete()?.Version);
        Assert.Null(Cache("libggml0-backend-hip").FindComplete());
    }

    [Fact]
    public void A_folder_without_a_manifest_is_not_an_install()
    {
        Install("1.0");
        File.Delete(_folder.Below("1.0", InstallManifest.FileName));
        Assert.Null(Cache().FindComplete());
    }

    [Fact]
    public void A_manifest_that_is_cut_short_is_not_believed()
    {
        Install("1.0");
        _folder.Write("1.0/" + InstallManifest.FileName, "{\"version\": \"1.0\"");
        Assert.Null(Cache().FindComplete());
    }

    [Fact]
    public void An_install_that_lost_its_server_is_not_complete()
    {
        Install("1.0");
        File.Delete(_folder.Below("1.0", "bin", "llama-server"));
        Assert.Null(Cache().FindComplete());
    }

    [Fact]
    public void An_install_that_was_moved_is_not_used_because_its_launchers_name_the_old_place()
    {
        Install("1.0");
        Directory.Move(_folder.Below("1.0"), _folder.Below("1.1"));
        Assert.Null(Cache().FindComplete());
    }

    [Fact]
    public void An_install_for_another_platform_is_not_used()
    {
        Install("1.0", install => install with { Platform = "linux-riscv64" });
        Assert.Null(Cache().FindComplete());
    }

    [Fact]
    public async Task What_an_interrupted_install_left_is_never_found_and_is_removed_by_the_next()
    {
        Install(".staging-dead");
        Assert.Null(Cache().FindComplete());
        using (await Cache().LockAsync(progress: null, CancellationToken.None))
        {
            Assert.False(Directory.Exists(_folder.Below(".staging-dead")));
        }
    }

    [Fact]
    public async Task What_is_not_committed_is_gone_when_the_lock_is_released()
    {
        using (await Cache().LockAsync(progress: null, CancellationToken.None))
        {
            File.WriteAllText(Path.Combine(Cache().CreateStaging(), "half"), "");
        }

        Assert.Empty(Directory.EnumerateDirectories(_folder.Path));
    }

    [Fact]
    public async Task A_commit_replaces_what_lies_at_its_place()
    {
        _folder.Write("1.0/rubbish", "");
        EngineCache cache = Cache();
        using (await cache.LockAsync(progress: null, CancellationToken.None))
        {
            string staged = Path.Combine(cache.CreateStaging(), "install");
            _folder.Write(Path.GetRelativePath(_folder.Path, Path.Combine(staged, "bin", "llama-server")), "", executable: true);
            cache.Commit(staged, Manifest("1.0"));
        }

        Assert.Equal("1.0", cache.FindComplete()?.Version);
        Assert.False(File.Exists(_folder.Below("1.0", "rubbish")));
    }

    [Fact]
    public async Task A_second_lock_waits_says_so_once_and_can_be_cancelled()
    {
        using IDisposable held = await Cache().LockAsync(progress: null, CancellationToken.None);
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(700));
        Messages messages = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache().LockAsync(messages, patience.Token));
        Assert.Equal(["Waiting for another install of llama.cpp to finish"], messages.All);
    }

    private EngineCache Cache(params string[] extras) => new(_folder.Path, extras);

    private InstallManifest Manifest(string name) => new()
    {
        Version = name,
        Source = EngineSource.DebianPackages,
        Origin = "test",
        Folder = _folder.Below(name),
        Server = "bin/llama-server",
    };

    private void Install(string name, Func<InstallManifest, InstallManifest>? change = null)
    {
        _folder.Write($"{name}/bin/llama-server", "", executable: true);
        (change ?? (install => install))(Manifest(name)).Write(_folder.Below(name));
    }
}
