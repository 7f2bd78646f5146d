using System.Runtime.Versioning;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

[UnsupportedOSPlatform("windows")]
public sealed class SupervisorCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-command-").FullName;

    [Fact]
    public void The_command_beside_the_library_is_taken()
    {
        string file = Touch("llmops", executable: true);

        SupervisorCommand command = SupervisorCommand.Find([_folder], null);

        Assert.Equal(file, command.File);
        Assert.Equal(["supervise"], command.Arguments);
    }

    [Fact]
    public void A_library_is_run_by_dotnet()
    {
        string library = Touch("llmops.dll", executable: false);

        SupervisorCommand command = SupervisorCommand.Find([_folder], null);

        Assert.EndsWith("dotnet", command.File, StringComparison.Ordinal);
        Assert.Equal([library, "supervise"], command.Arguments);
    }

    [Fact]
    public void The_variable_has_the_last_word()
    {
        Touch("llmops", executable: true);
        string other = Touch("other", executable: true);

        Assert.Equal(other, SupervisorCommand.Find([_folder], other).File);
    }

    [Fact]
    public void A_variable_that_names_nothing_is_an_error_that_says_so()
    {
        LlmOpsException problem = Assert.Throws<LlmOpsException>(() => SupervisorCommand.Find([_folder], "/nowhere/llmops"));

        Assert.Equal("SupervisorNotFound", problem.ErrorId);
        Assert.Contains("LLMOPS_COMMAND names '/nowhere/llmops'", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/usr/share/dotnet/shared/Microsoft.NETCore.App/10.0.1/", "/usr/share/dotnet")]
    [InlineData("/opt/microsoft/powershell/7/", null)]
    public void The_root_of_a_shared_runtime_is_passed_on(string runtime, string? root) => Assert.Equal(root, SupervisorCommand.DotnetRoot(runtime));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Touch(string name, bool executable)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, string.Empty);
        File.SetUnixFileMode(file, executable ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100);
        return file;
    }
}
