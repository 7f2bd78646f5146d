using System.Xml;
using System.Xml.Linq;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Reports;

namespace LlmOps.Core.Tests.Diagnostics.Reports;

public sealed class CheckReportTests
{
    private static readonly CheckReportContext s_context = new() { Subject = "big|box", At = new DateTimeOffset(2026, 11, 21, 9, 30, 0, TimeSpan.Zero) };

    private static readonly CheckResult[] s_results =
    [
        new("driver.present", CheckCategory.Driver, CheckStatus.Pass, "the driver is loaded", "580.65.06", null),
        new("driver.cuda", CheckCategory.Driver, CheckStatus.Fail, "the driver is too old for the engine's CUDA", "found 12.4 \u001b[31mred\u001b[0m & <old>", "install a newer one: sudo ubuntu-drivers install")
        {
            Why = "torch was built for 13.0", Blocks = true, Commands = [new RemedyCommand(["ubuntu-drivers", "install"]) { NeedsRoot = true }, new RemedyCommand(["reboot"]) { NeedsRoot = true }],
        },
        new("limits.memlock", CheckCategory.Limits, CheckStatus.Warn, "memory cannot be locked | here", "64 KiB", "raise it") { Commands = [new RemedyCommand(["tee", "/etc/x"]) { Input = "a `b` ``c``\n" }] },
        new("limits.nofile", CheckCategory.Limits, CheckStatus.Skip, "could not tell", null, null),
    ];

    [Fact]
    public void A_build_server_sees_a_suite_a_category_and_a_test_a_check()
    {
        XElement suites = XDocument.Parse(CheckReport.Write(CheckReportFormat.JUnit, s_results, s_context)).Root!;

        Assert.Equal(("4", "1", "0", "1"), ((string)suites.Attribute("tests")!, (string)suites.Attribute("failures")!, (string)suites.Attribute("errors")!, (string)suites.Attribute("skipped")!));
        Assert.Equal(["Driver", "Limits"], suites.Elements("testsuite").Select(suite => (string)suite.Attribute("name")!));
        XElement driver = suites.Elements("testsuite").First();
        Assert.Equal(("2", "1", "2026-11-21T09:30:00", "big|box"), ((string)driver.Attribute("tests")!, (string)driver.Attribute("failures")!, (string)driver.Attribute("timestamp")!, (string)driver.Attribute("hostname")!));
        XElement failure = driver.Elements("testcase").Single(test => (string)test.Attribute("name")! == "driver.cuda").Element("failure")!;
        Assert.Equal(("blocks", "the driver is too old for the engine's CUDA"), ((string)failure.Attribute("type")!, (string)failure.Attribute("message")!));
        Assert.Contains("why: torch was built for 13.0\ndo: install a newer one: sudo ubuntu-drivers install", failure.Value, StringComparison.Ordinal);
        Assert.Contains("\uFFFD[31mred", failure.Value, StringComparison.Ordinal);
        XElement limits = suites.Elements("testsuite").Last();
        Assert.StartsWith("warning: memory cannot be locked", limits.Elements("testcase").First().Element("system-out")!.Value, StringComparison.Ordinal);
        Assert.NotNull(limits.Elements("testcase").Last().Element("skipped"));
        Assert.Equal("llmops.Limits", (string)limits.Elements("testcase").Last().Attribute("classname")!);
    }

    [Theory]
    [InlineData("\0\u0001\u001f")]
    [InlineData("half \ud83d a pair")]
    [InlineData("whole \ud83d\ude00 pair")]
    [InlineData("]]> <a/> & \"'")]
    public void Whatever_a_program_printed_the_xml_can_be_read(string printed)
    {
        string xml = CheckReport.Write(CheckReportFormat.JUnit, [new("a.b", CheckCategory.Cpu, CheckStatus.Fail, printed, printed, printed)], s_context);
        Exception? problem = Record.Exception(() => XDocument.Parse(xml));
        Assert.False(problem is XmlException, problem?.Message);
        Assert.Equal(printed.Contains('\ude00'), xml.Contains("whole \ud83d\ude00 pair", StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_has_what_blocks_first_with_its_commands_and_the_rest_in_a_table()
    {
        string page = CheckReport.Write(CheckReportFormat.Markdown, s_results, s_context);

        Assert.StartsWith("# Environment of big|box\n\n2026-11-21 09:30 UTC: 4 checks, 1 in order, 1 could be better, 1 will not work, 1 skipped; 1 keeps a server from starting.\n\n## Will not work\n\n### `driver.cuda`: ", page, StringComparison.Ordinal);
        Assert.Contains("- Seen: found 12.4 \uFFFD\\[31mred\uFFFD\\[0m &amp; &lt;old&gt;\n- Why it matters: torch was built for 13.0\n- Keeps a server from starting: yes\n", page, StringComparison.Ordinal);
        Assert.Contains("\n````sh\nsudo ubuntu-drivers install\nsudo reboot\n````\n".Replace("````", "```", StringComparison.Ordinal), page, StringComparison.Ordinal);
        Assert.Contains("\n```sh\necho 'a `b` ``c``' | tee /etc/x\n```\n", page, StringComparison.Ordinal);
        Assert.Contains("| `driver.present` | in order | the driver is loaded | 580.65.06 |\n| `limits.nofile` | skipped | could not tell |  |\n", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.XML", CheckReportFormat.JUnit)]
    [InlineData("a.md", CheckReportFormat.Markdown)]
    [InlineData("a", CheckReportFormat.Markdown)]
    public void The_ending_names_the_form(string file, CheckReportFormat format) => Assert.Equal(format, CheckReport.FormatOf(file));
}
