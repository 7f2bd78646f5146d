using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class ReleaseArchiveTests : IDisposable
{
    private const string WorkingServer = "#!/bin/sh\necho version: 6123 >&2\n";
    private readonly TemporaryFolder _folder = new();

    public ReleaseArchiveTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in for llama-server is a shell script.");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_archive_with_the_published_hash_becomes_an_install()
    {
        using ReleaseServer server = new(ReleaseServer.TarGz(("llama-b6123/llama-server", WorkingServer), ("llama-b6123/libllama.so", "lib"), ("llama-b6123/llama-bench", "bench")));
        Messages messages = new();

        InstalledEngine engine = await ObtainAsync(server, messages);

        string folder = _folder.Below("engines", "llama.cpp", "b6123-release-ubuntu-x64", "bin");
        Assert.Equal(new InstalledEngine(Path.Combine(folder, "llama-server"), EngineSource.ReleaseArchive, "b6123", folder), engine);
        Assert.True(File.Exists(Path.Combine(folder, "llama-bench")));
        Assert.Equal("Looking for a llama.cpp release for ubuntu-x64", messages.All[0]);
        Assert.StartsWith("Downloading llama-b6123-bin-ubuntu-x64.tar.gz, ", messages.All[1], StringComparison.Ordinal);
        Assert.Equal("Unpacking llama.cpp b6123", messages.All[2]);
    }

    [Fact]
    public async Task A_zip_that_lost_the_permission_to_execute_becomes_an_install_too()
    {
        using ReleaseServer server = new(ReleaseServer.Zip(("build/bin/llama-server", WorkingServer)), "llama-b6123-bin-ubuntu-x64.zip");
        Assert.Equal(EngineSource.ReleaseArchive, (await ObtainAsync(server)).Source);
    }

    [Fact]
    public async Task An_install_that_is_complete_is_used_again_without_the_network()
    {
        string path;
        using (ReleaseServer server = new(Working()))
        {
            path = (await ObtainAsync(server)).ServerPath;
        }

        LlamaCppInstaller installer = new(Options(new Uri("http://127.0.0.1:9/")));
        Assert.Equal((path, EngineSource.Cache), installer.FindInstalled() is { } found ? (found.ServerPath, found.Source) : default);
        Assert.Equal(path, (await installer.ObtainAsync(progress: null, CancellationToken.None)).ServerPath);
    }

    [Fact]
    public async Task Two_at_once_download_once_and_share_the_install()
    {
        using ReleaseServer server = new(Working());
        InstalledEngine[] engines = await Task.WhenAll(ObtainAsync(server), ObtainAsync(server), ObtainAsync(server));
        Assert.Single(engines.Select(engine => engine.ServerPath).Distinct());
        Assert.Equal(1, server.ArchivesServed);
    }

    [Fact]
    public Task An_archive_with_another_hash_is_not_used() =>
        FailsAsync(new ReleaseServer(Working(), digest: "sha256:" + new string('0', 64)), $"the release says {new string('0', 64)}; it was not used");

    [Fact]
    public Task An_archive_without_a_published_hash_is_not_used() =>
        FailsAsync(new ReleaseServer(Working(), digest: null), "has no published sha256");

    [Fact]
    public Task A_release_list_that_is_missing_says_so() =>
        FailsAsync(new ReleaseServer(Working()) { ListStatus = 404 }, "404 (Not Found)");

    [Theory]
    [InlineData("<html>sign in to the hotel's network</html>")]
    [InlineData("{ \"message\": \"API rate limit exceeded\" }")]
    [InlineData("[ { \"tag_name\": \"b1\" } ]")]
    [InlineData("[ { \"tag_name\": \"b1\", \"assets\": [ { \"name\": \"llama-b1-bin-ubuntu-x64.zip\", \"browser_download_url\": \"nowhere\" } ] } ]")]
    public Task An_answer_of_another_shape_says_so(string text) =>
        FailsAsync(new ReleaseServer(Working()) { ListText = text }, "the answer is not a list of releases");

    [Fact]
    public Task A_release_without_a_file_for_this_machine_says_so() =>
        FailsAsync(new ReleaseServer(Working(), "llama-b6123-bin-ubuntu-vulkan-x64.tar.gz"), "no recent release has a file for ubuntu-x64");

    [Fact]
    public Task An_archive_without_a_server_is_refused() =>
        FailsAsync(new ReleaseServer(ReleaseServer.TarGz(("llama-b6123/llama-bench", ""))), "the archive holds no llama-server");

    [Fact]
    public Task A_server_that_does_not_start_is_refused_with_its_own_words() =>
        FailsAsync(
            new ReleaseServer(ReleaseServer.TarGz(("llama-server", "#!/bin/sh\necho \"libc.so.6: version 'GLIBC_2.99' not found\" >&2\nexit 1\n"))),
            "does not start here (exit code 1): libc.so.6: version 'GLIBC_2.99' not found");

    [Fact]
    public async Task A_tar_entry_that_would_leave_the_folder_is_refused()
    {
        await FailsAsync(new ReleaseServer(ReleaseServer.TarGz(("../../../escaped", "x"), ("llama-server", WorkingServer))), "outside the specified destination directory");
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "escaped", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_zip_entry_that_would_leave_the_folder_is_refused()
    {
        await FailsAsync(new ReleaseServer(ReleaseServer.Zip(("../../../escaped", "x"), ("llama-server", WorkingServer)), "llama-b6123-bin-ubuntu-x64.zip"), "outside the specified destination directory");
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "escaped", SearchOption.AllDirectories));
    }

    [Fact]
    public Task A_tar_link_that_points_out_of_the_folder_is_refused() =>
        FailsAsync(new ReleaseServer(ReleaseServer.TarGz(("out -> ../../../..", ""), ("out/escaped", "x"), ("llama-server", WorkingServer))), "outside the specified destination directory");

    [Fact]
    public Task An_archive_that_is_cut_short_is_refused() => FailsAsync(new ReleaseServer(Working()[..40]), "beyond the end of the stream");

    [Fact]
    public async Task Cancelling_in_the_middle_leaves_nothing_that_is_taken_for_an_install()
    {
        TaskCompletionSource never = new();
        using ReleaseServer server = new(Working()) { Stall = never.Task };
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(500));
        LlamaCppInstaller installer = new(Options(server.Address));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => installer.ObtainAsync(progress: null, cancel.Token));

        Assert.Null(installer.FindInstalled());
        Assert.Equal([".lock"], Directory.EnumerateFileSystemEntries(_folder.Below("engines", "llama.cpp")).Select(Path.GetFileName));
        never.SetResult();
    }

    private static byte[] Working() => ReleaseServer.TarGz(("llama-b6123/llama-server", WorkingServer));

    private async Task FailsAsync(ReleaseServer server, string reason)
    {
        using (server)
        {
            EngineInstallException problem = await Assert.ThrowsAsync<EngineInstallException>(() => ObtainAsync(server));
            Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', problem.Message);
            Assert.Null(new LlamaCppInstaller(Options(server.Address)).FindInstalled());
        }
    }

    private Task<InstalledEngine> ObtainAsync(ReleaseServer server, Messages? messages = null) =>
        new LlamaCppInstaller(Options(server.Address)).ObtainAsync(messages, CancellationToken.None);

    private LlamaCppInstallerOptions Options(Uri api) => new()
    {
        CacheFolder = _folder.Path,
        Sources = [EngineSource.Cache, EngineSource.ReleaseArchive],
        ReleaseApi = api,
        ReleaseBuild = "ubuntu-x64",
    };
}
