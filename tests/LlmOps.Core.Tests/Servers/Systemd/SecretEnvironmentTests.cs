using System.Runtime.Versioning;
using LlmOps.Engines;
using LlmOps.Servers;
using LlmOps.Servers.Systemd;

namespace LlmOps.Tests.Servers.Systemd;

/// <summary>What a unit reads that nobody else should.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SecretEnvironmentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-unit-secrets").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_first_key_of_a_file_is_in_a_file_of_the_owner_alone_in_the_words_that_systemd_reads_back()
    {
        string key = Path.Combine(_folder, "key");
        File.WriteAllText(key, "\n  a\"key\\of mine  \nanother\n");
        LaunchCommand command = new("vllm", ["serve"], new Dictionary<string, string>()) { SecretFiles = new Dictionary<string, string> { ["VLLM_API_KEY"] = key } };

        string file = SystemdRuntime.WriteEnvironment(new ServerFolder(_folder), command)!;

        Assert.Contains("VLLM_API_KEY=\"a\\\"key\\\\of mine\"\n", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.DoesNotContain("another", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }
}
