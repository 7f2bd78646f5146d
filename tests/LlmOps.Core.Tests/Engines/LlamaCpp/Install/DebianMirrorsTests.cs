using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class DebianMirrorsTests
{
    [Theory]
    [InlineData("deb http://mirror.example/debian/ bookworm main", "http://mirror.example/debian")]
    [InlineData("deb https://corp.example/pub/debian stable main contrib", "https://corp.example/pub/debian")]
    [InlineData("deb http://deb.debian.org/debian-security bookworm-security main", null)]
    [InlineData("deb http://archive.ubuntu.com/ubuntu noble main", null)]
    [InlineData("deb http://raspbian.raspberrypi.org/raspbian bookworm main", null)]
    [InlineData("deb https://download.docker.com/linux/debian bookworm stable", null)]
    [InlineData("deb cdrom:[Debian]/debian bookworm main", null)]
    public void Only_a_mirror_of_Debians_archive_goes_before_the_public_one(string line, string? expected)
    {
        IReadOnlyList<string> mirrors = DebianMirrors.Choose(AptSources.ParseList(line), mirrorOverride: null);
        Assert.Equal(expected is null ? [DebianMirrors.Default] : [expected, DebianMirrors.Default], mirrors);
    }

    [Fact]
    public void The_public_mirror_is_tried_once_when_the_machine_uses_it_already() =>
        Assert.Equal([DebianMirrors.Default], DebianMirrors.Choose(AptSources.ParseList($"deb {DebianMirrors.Default} sid main"), mirrorOverride: null));

    [Fact]
    public void A_mirror_that_the_user_names_is_the_only_one() =>
        Assert.Equal(["http://mine.example/d"], DebianMirrors.Choose(AptSources.ParseList("deb http://mirror.example/debian sid main"), "http://mine.example/d"));
}
