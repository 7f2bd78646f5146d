using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class AptConfigurationTests
{
    private static readonly string Text = AptConfiguration.Private("/private", "amd64") + AptConfiguration.Sources("/private/sources.list", "/keys.gpg");

    [Fact]
    public void Everything_that_apt_writes_lies_in_the_private_folder()
    {
        string[] written = [.. Text.Split('\n').Where(line => line.StartsWith("Dir::State", StringComparison.Ordinal) || line.StartsWith("Dir::Log", StringComparison.Ordinal) || line.StartsWith("Dir::Cache ", StringComparison.Ordinal))];
        Assert.Equal(5, written.Length);
        Assert.All(written, line => Assert.Contains("\"/private", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("APT::Get::AllowUnauthenticated \"false\";")]
    [InlineData("Acquire::AllowInsecureRepositories \"false\";")]
    [InlineData("Acquire::AllowWeakRepositories \"false\";")]
    [InlineData("Dir::Etc::trusted \"/keys.gpg\";")]
    [InlineData("Dir::Etc::trustedparts \"/dev/null\";")]
    public void The_signature_check_cannot_be_weakened_by_the_machines_configuration(string line) =>
        Assert.Contains(line, Text.Split('\n'));
}
