using System.Globalization;
using System.Text;
using System.Xml;

namespace LlmOps.Diagnostics.Reports;

/// <summary>JUnit's XML: a suite a category, a test a check. Failed checks are failures, skipped ones skipped; a warning passes, with its text as output.</summary>
/// <remarks>The dialect is the one that Jenkins' and GitLab's readers share (jenkinsci/xunit-plugin, <c>junit-10.xsd</c>).</remarks>
internal static class JUnitReport
{
    public static string Write(IReadOnlyList<CheckResult> results, CheckReportContext context)
    {
        StringBuilder text = new();
        XmlWriterSettings settings = new() { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n" };
        using (XmlWriter xml = XmlWriter.Create(text, settings))
        {
            xml.WriteStartElement("testsuites");
            Counts(xml, $"LlmOps environment of {context.Subject}", results);
            foreach (IGrouping<CheckCategory, CheckResult> suite in results.GroupBy(result => result.Category))
            {
                xml.WriteStartElement("testsuite");
                Counts(xml, suite.Key.ToString(), [.. suite]);
                Attribute(xml, "hostname", context.Subject);
                Attribute(xml, "timestamp", context.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
                foreach (CheckResult result in suite)
                {
                    Test(xml, result);
                }

                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        return $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{text}\n";
    }

    private static void Counts(XmlWriter xml, string name, IReadOnlyList<CheckResult> results)
    {
        Attribute(xml, "name", name);
        Attribute(xml, "tests", Number(results.Count));
        Attribute(xml, "failures", Number(results.Count(result => result.Status == CheckStatus.Fail)));
        Attribute(xml, "errors", "0");
        Attribute(xml, "skipped", Number(results.Count(result => result.Status == CheckStatus.Skip)));
        Attribute(xml, "time", "0"); // Checks run side by side; a time for each would say nothing.
    }

    private static void Test(XmlWriter xml, CheckResult result)
    {
        xml.WriteStartElement("testcase");
        Attribute(xml, "classname", $"llmops.{result.Category}");
        Attribute(xml, "name", result.Id);
        Attribute(xml, "time", "0");
        switch (result.Status)
        {
            case CheckStatus.Fail:
                xml.WriteStartElement("failure");
                Attribute(xml, "message", result.Message);
                Attribute(xml, "type", result.Blocks ? "blocks" : "fails");
                xml.WriteString(Valid(Details(result)));
                xml.WriteEndElement();
                break;
            case CheckStatus.Skip:
                xml.WriteStartElement("skipped");
                Attribute(xml, "message", result.Message);
                xml.WriteEndElement();
                break;
            default:
                xml.WriteElementString("system-out", Valid((result.Status == CheckStatus.Warn ? "warning: " : string.Empty) + result.Message + "\n" + Details(result)));
                break;
        }

        xml.WriteEndElement();
    }

    private static string Details(CheckResult result) => string.Join('\n', new[]
    {
        result.Evidence is { } evidence ? $"seen: {evidence}" : null,
        result.Why is { } why ? $"why: {why}" : null,
        result.Remedy is { } remedy ? $"do: {remedy}" : null,
    }.OfType<string>());

    private static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, Valid(value));

    // What programs print may hold anything, also what XML cannot: a terminal's colours, half a character.
    private static string Valid(string text)
    {
        StringBuilder valid = new(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            if (XmlConvert.IsXmlChar(text[at]))
            {
                valid.Append(text[at]);
            }
            else if (at + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[at + 1], text[at]))
            {
                valid.Append(text, at++, 2);
            }
            else
            {
                valid.Append('\uFFFD');
            }
        }

        return valid.ToString();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
