using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Processes;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class DebianLaunchersTests
{
    private const string Libraries = "root/usr/lib/x86_64-linux-gnu";

    // Stands for glibc's loader: one line per argument, after its own process id.
    private const string PrintingLoader = "#!/bin/sh\necho $$\nfor argument in \"$@\"; do printf '%s\\n' \"$argument\"; done\nenv | grep ^VK_ || true\n";

    private static readonly DebianPlatform Platform = new("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2");

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("two words", "'two words'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$HOME `id` \"x\" \\", "'$HOME `id` \"x\" \\'")]
    public void A_path_is_one_word_for_the_shell(string text, string quoted) => Assert.Equal(quoted, DebianLaunchers.Quote(text));

    [Fact]
    public async Task A_launcher_hands_the_program_and_its_arguments_to_the_loader_in_the_same_process()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The launchers are POSIX shell scripts.");
        using TemporaryFolder folder = new();
        MakeRoot(folder);
        DebianLaunchers.Write(folder.Path, folder.Path, Platform);

        string[] lines = await RunAsync(folder.Below("bin", "llama-server"), ["-m", "a model.gguf", "", "it's $HOME"]);

        Assert.Equal(
            ["--library-path", $"{folder.Below(Libraries)}:{folder.Below(Libraries, "llama")}", "--argv0", "llama-server", folder.Below("root", "usr", "bin", "llama-server"), "-m", "a model.gguf", "", "it's $HOME"],
            lines);
    }

    [Fact]
    public void The_loader_lies_beside_the_backends_because_ggml_searches_there()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need privileges on Windows.");
        using TemporaryFolder folder = new();
        MakeRoot(folder);
        DebianLaunchers.Write(folder.Path, "/elsewhere/final", Platform);

        string? target = File.ResolveLinkTarget(folder.Below("loader", "llama-server"), returnFinalTarget: true)?.FullName;
        Assert.Equal(folder.Below(Libraries, "ggml", "backends0", Platform.Loader), target);
        Assert.Contains("'/elsewhere/final/loader/llama-server'", File.ReadAllText(folder.Below("bin", "llama-server")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vulkan_drivers_that_came_along_are_offered_unless_the_user_names_others()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The launchers are POSIX shell scripts.");
        using TemporaryFolder folder = new();
        MakeRoot(folder);
        folder.Write("root/usr/share/vulkan/icd.d/lvp_icd.json", "{}");
        DebianLaunchers.Write(folder.Path, folder.Path, Platform);

        string launcher = folder.Below("bin", "llama-server");
        Assert.Equal($"VK_ADD_DRIVER_FILES={folder.Below("root", "usr", "share", "vulkan", "icd.d")}", (await RunAsync(launcher, []))[^1]);
        Assert.Equal("VK_ADD_DRIVER_FILES=/mine.json", (await RunAsync(launcher, [], ("VK_ADD_DRIVER_FILES", "/mine.json")))[^1]);
    }

    [Theory]
    [InlineData("/cache:d")]
    [InlineData("/cache;d")]
    [InlineData("/ca$he")]
    public void A_path_that_the_program_loader_would_misread_is_refused(string folder) =>
        Assert.Contains(folder, Assert.Throws<EngineInstallException>(() => DebianLaunchers.CheckUsable(folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void Packages_without_a_CPU_backend_are_refused()
    {
        using TemporaryFolder folder = new();
        folder.Write("root/usr/bin/llama-server", "");
        Assert.Throws<EngineInstallException>(() => DebianLaunchers.Write(folder.Path, folder.Path, Platform));
    }

    private static void MakeRoot(TemporaryFolder folder)
    {
        folder.Write("root/usr/bin/llama-server", "");
        folder.Write("root/usr/bin/other-program", "");
        folder.Write($"{Libraries}/{Platform.Loader}", PrintingLoader, executable: true);
        folder.Write($"{Libraries}/ggml/backends0/libggml-cpu-haswell.so", "");
    }

    private static async Task<string[]> RunAsync(string launcher, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        Dictionary<string, string?> variables = new() { ["LD_LIBRARY_PATH"] = null, ["VK_ADD_DRIVER_FILES"] = null };
        foreach ((string name, string value) in environment)
        {
            variables[name] = value;
        }

        // The outer shell prints its process id and then becomes the launcher, so equal ids mean that no process came between.
        ProcessRequest request = new("/bin/sh", ["-c", "echo $$; exec \"$0\" \"$@\"", launcher, .. arguments]) { Environment = variables };
        ProcessResult result = await ProcessRunner.RunAsync(request, CancellationToken.None);
        Assert.Equal(0, result.ExitCode);
        string[] lines = result.StandardOutput[..^1].Split('\n');
        Assert.Equal(lines[0], lines[1]);
        return lines[2..];
    }
}
