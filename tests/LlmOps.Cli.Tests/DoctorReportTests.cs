using System.Text.Json;
using System.Xml.Linq;

namespace LlmOps.Cli.Tests;

/// <summary>What <c>llmops doctor</c> writes and mends.</summary>
public sealed class DoctorReportTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Sandbox _sandbox = new();

    public DoctorReportTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The remedy is one of Linux.");

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Findings_are_written_for_build_servers_and_for_people_and_the_exit_code_stays()
    {
        (string config, _) = await ConfigAsync();
        Outcome outcome = await _sandbox.RunAsync("doctor", "--config", config, "--category", "security", "--junit", "checks.xml", "--markdown", "checks.md", "--json");
        Assert.Equal(1, outcome.ExitCode);
        XElement suites = XDocument.Load(_sandbox.PathOf("checks.xml")).Root!;
        Assert.Equal(outcome.Json.GetArrayLength().ToString(System.Globalization.CultureInfo.InvariantCulture), (string)suites.Attribute("tests")!);
        Assert.Equal("security.key-file", (string)suites.Descendants("failure").Single().Parent!.Attribute("name")!);
        string page = await File.ReadAllTextAsync(_sandbox.PathOf("checks.md"), TestContext.Current.CancellationToken);
        Assert.StartsWith("# Environment of tiny on ", page, StringComparison.Ordinal);
        Assert.Contains("chmod 600 ", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_mended_where_nobody_can_be_asked_and_with_yes_it_is_noted_and_taken_back()
    {
        (string config, string key) = await ConfigAsync();
        Outcome asked = await _sandbox.RunAsync("doctor", "--config", config, "--id", "security.key-file", "--fix", "--json");
        Assert.Equal((1, "fail"), (asked.ExitCode, asked.Json[0].GetProperty("status").GetString()));
        Assert.Contains($"security.key-file: would run chmod 600 {key} (nobody to ask: --yes runs it)", asked.Error, StringComparison.Ordinal);
        Assert.NotEqual(Private, File.GetUnixFileMode(key));

        Outcome mended = await _sandbox.RunAsync("doctor", "--config", config, "--id", "security.key-file", "--fix", "--yes", "--json");
        Assert.Equal((0, "pass"), (mended.ExitCode, mended.Json[0].GetProperty("status").GetString()));
        Assert.Equal(Private, File.GetUnixFileMode(key));

        JsonElement done = Assert.Single((await _sandbox.RunAsync("doctor", "--fixes", "--json")).Json.EnumerateArray());
        Assert.Equal($"chmod 604 {key}", done.GetProperty("commands")[0].GetProperty("undo").EnumerateArray().Aggregate("", (line, word) => $"{line} {word.GetString()}").Trim());
        Assert.Equal(0, (await _sandbox.RunAsync("doctor", "--undo", "security.key-file")).ExitCode);
        Assert.Equal(Private | UnixFileMode.OtherRead, File.GetUnixFileMode(key));
        Assert.Contains("was taken back already", (await _sandbox.RunAsync("doctor", "--undo", "security.key-file")).OneLineError(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_machine_is_not_mended_here()
    {
        string machine = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);
        Outcome outcome = await _sandbox.RunAsync("doctor", "--topology", machine, "--fix", "--yes");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("the topology is of another machine", outcome.OneLineError(), StringComparison.Ordinal);
    }

    private async Task<(string Config, string Key)> ConfigAsync()
    {
        _sandbox.Environment["PATH"] = "/usr/bin:/bin";
        string key = _sandbox.WriteFile("key", "secret-of-the-test");
        File.SetUnixFileMode(key, Private);
        string machine = _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus);
        string config = _sandbox.PathOf("tiny.yaml");
        Outcome planned = await _sandbox.RunAsync("plan", "--model", _sandbox.WriteModel(), "--topology", machine, "--api-key-file", key, "--yaml", "-o", config);
        Assert.True(planned.ExitCode == 0, planned.Error);
        File.SetUnixFileMode(key, Private | UnixFileMode.OtherRead);
        return (config, key);
    }
}
