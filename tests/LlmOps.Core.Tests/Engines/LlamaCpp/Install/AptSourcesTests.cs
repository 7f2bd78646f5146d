using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

public sealed class AptSourcesTests
{
    [Fact]
    public void A_line_gives_its_address_suite_and_components()
    {
        AptSource source = Assert.Single(AptSources.ParseList(
            """
            # deb http://old.example/debian buster main
            deb-src http://deb.debian.org/debian bookworm main
            deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] http://deb.debian.org/debian bookworm main contrib # near
            """));
        Assert.Equal("http://deb.debian.org/debian", source.Uri);
        Assert.Equal(["bookworm"], source.Suites);
        Assert.Equal(["main", "contrib"], source.Components);
    }

    [Fact]
    public void A_stanza_gives_one_source_for_each_address()
    {
        AptSource[] sources = [.. AptSources.ParseStanzas(
            """
            Types: deb deb-src
            # a comment inside a stanza
            URIs: http://one.example/debian
             https://two.example/debian
            Suites: trixie trixie-updates
            Components: main
            Signed-By:
             -----BEGIN PGP PUBLIC KEY BLOCK-----
             .
             Types: none of this is a field

            Types: deb
            URIs: http://three.example/debian-security
            Suites: trixie-security
            Components: main
            """)];
        Assert.Equal(["http://one.example/debian", "https://two.example/debian", "http://three.example/debian-security"], sources.Select(source => source.Uri));
        Assert.Equal(["trixie", "trixie-updates"], sources[0].Suites);
    }

    [Theory]
    [InlineData("Enabled: no")]
    [InlineData("enabled: false")]
    [InlineData("Types: deb-src")]
    public void A_stanza_that_is_off_or_only_for_source_code_is_left_out(string field) =>
        Assert.Empty(AptSources.ParseStanzas($"Types: deb\n{field}\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\n"));

    [Fact]
    public void Both_formats_are_read_and_other_files_are_ignored_as_apt_ignores_them()
    {
        using TemporaryFolder apt = new();
        apt.Write("sources.list", "deb http://a.example/debian sid main\n");
        apt.Write("sources.list.d/b.sources", "Types: deb\nURIs: http://b.example/debian\nSuites: sid\nComponents: main\n");
        apt.Write("sources.list.d/c.list.disabled", "deb http://c.example/debian sid main\n");
        Assert.Equal(["http://a.example/debian", "http://b.example/debian"], AptSources.Read(apt.Path).Select(source => source.Uri));
    }

    [Fact]
    public void A_machine_without_apt_has_no_sources() => Assert.Empty(AptSources.Read("/nonexistent"));
}
