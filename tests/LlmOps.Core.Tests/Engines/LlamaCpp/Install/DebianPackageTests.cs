using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class DebianPackageTests
{
    [Theory]
    [InlineData("1:0.7.0+dfsg-2", "0.7.0")]
    [InlineData("0.27.0-1", "0.27.0")]
    [InlineData("5882+dfsg-3~exp1", "5882")]
    [InlineData("8611+ds-1", "8611")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("1:1.2-rc1-4", "1.2-rc1")]
    public void The_upstream_version_has_no_epoch_repackaging_mark_or_revision(string version, string upstream) =>
        Assert.Equal(upstream, DebianPackage.UpstreamVersion(version));

    [Fact]
    public void A_file_name_gives_the_version_with_its_epoch() =>
        Assert.Equal("1:0.7.0+dfsg-2", DebianPackage.VersionOf("/archives/llama.cpp-tools_1%3a0.7.0+dfsg-2_amd64.deb"));
}
