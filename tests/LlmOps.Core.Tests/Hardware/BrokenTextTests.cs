using System.Text;
using System.Text.RegularExpressions;
using LlmOps.Hardware;
using LlmOps.Hardware.Amd;
using LlmOps.Hardware.Nvidia;

namespace LlmOps.Core.Tests.Hardware;

/// <summary>Texts that people and vendors' tools wrote, broken in every way that a seeded random generator finds: the answer is a value or a named error.</summary>
public sealed partial class BrokenTextTests
{
    private const int Attempts = 1500;

    // What stands where something else is expected.
    private static readonly string[] Strangers =
        ["null", "true", "-1", "0", "9223372036854775807", "99999999999999999999", "1e400", "-0.5", "\"\"", "\"GPU\"", "[]", "[null]", "{}", "[[]]", "\"\\ud800\"", "//", "/*", "<", "N/A", "\0", "\u2028"];

    [Theory]
    [InlineData("five-cards-dual-xeon", 1)]
    [InlineData("mig-a100", 2)]
    [InlineData("hybrid-laptop", 3)]
    public void A_broken_topology_is_a_value_or_one_line_that_says_where(string name, int seed)
    {
        string whole = Fixture.Read(Path.Join("Machines", name + ".json"));
        Random random = new(seed);
        int values = 0;
        int errors = 0;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            string broken = Break(whole, random, JsonValue());
            try
            {
                Use(TopologyFile.Parse(broken, "saved.json"));
                values++;
            }
            catch (LlmOpsException problem)
            {
                Assert.Equal("TopologyInvalid", problem.ErrorId);
                Assert.StartsWith("saved.json: ", problem.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', problem.Message);
                Assert.Matches(@"line \d+, column \d+|GPU -?\d+|index -?\d+", problem.Message);
                errors++;
            }
            catch (Exception problem)
            {
                Assert.Fail($"seed {seed}, attempt {attempt}: {problem}\n{broken}");
            }
        }

        // Both ways must have been taken often, or the test shows nothing.
        Assert.True(values > Attempts / 20 && errors > Attempts / 20, $"{values} values, {errors} errors");
    }

    [Fact]
    public void A_broken_report_of_nvidia_smi_is_no_report_or_one_with_gaps()
    {
        string whole = Fixture.Read("nvidia-smi-2080ti.xml");
        Random random = new(4);
        int read = 0;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            string broken = Break(whole, random, XmlText());
            try
            {
                if (NvidiaSmiReport.Parse(broken) is { } report)
                {
                    read++;
                    Use(new GpuTopology { Gpus = report.Gpus, Notes = report.Notes });
                }
            }
            catch (Exception problem)
            {
                Assert.Fail($"attempt {attempt}: {problem}\n{broken}");
            }
        }

        Assert.InRange(read, Attempts / 20, Attempts - (Attempts / 20));
    }

    [Fact]
    public void What_is_left_of_a_table_or_a_list_is_read_without_complaint()
    {
        const string Matrix = "\t\u001b[4mGPU0\tGPU1\tGPU2\tCPU Affinity\tNUMA Affinity\u001b[0m\nGPU0\t X \tNV4\tSYS\t0-17\t0\nGPU1\tNV4\t X \tNODE\t0-17\t0\nGPU2\tSYS\tNODE\t X \t18-35\t1\n";
        const string Report = """{"gpu_data": [{"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X OAM", "asic_serial": "0x7B", "num_compute_units": 304}, "bus": {"bdf": "0000:c1:00.0"}, "vram": {"size": {"value": 196592, "unit": "MB"}}}]}""";
        const string List = "GPU 0: NVIDIA A100 (UUID: GPU-a)\n  MIG 3g.20gb     Device  0: (UUID: MIG-4e)\n";
        GpuDevice part = new() { Name = "NVIDIA A100", Mig = new MigInstance() };
        Random random = new(5);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            _ = NvidiaSmiMatrix.AddTo([new GpuLink { A = 0, B = 1 }], NvidiaSmiMatrix.Parse(Break(Matrix, random, XmlText())));
            _ = AmdSmiReport.Parse(Break(Report, random, JsonValue()));
            _ = NvidiaSmiReport.AddPartNames([part], Break(List, random, XmlText()));
            _ = NvidiaSmiReport.AddCapabilities([part], Break("GPU-a, 8.0\nGPU-b, 8.9\n", random, XmlText())).ToList();
        }
    }

    /// <summary>Everything that is done with a topology that was read: shown, narrowed, written and read again.</summary>
    private static void Use(GpuTopology topology)
    {
        _ = TopologyMatrix.ToText(topology);
        _ = VisibleDevices.Apply(topology with { Environment = new GpuEnvironment { CudaVisibleDevices = "1,0" } });
        string written = TopologyFile.ToJson(topology);
        Assert.Equal(written, TopologyFile.ToJson(TopologyFile.Parse(written, "written")));
    }

    private static string Break(string whole, Random random, Regex value)
    {
        StringBuilder text = new(whole);
        for (int times = random.Next(1, 4); times > 0 && text.Length > 0; times--)
        {
            int at = random.Next(text.Length);
            int length = Math.Min(random.Next(1, 40), text.Length - at);
            string stranger = Strangers[random.Next(Strangers.Length)];
            switch (random.Next(7))
            {
                case 0:
                    text.Length = at;
                    break;
                case 1:
                    text.Remove(at, length);
                    break;
                case 2:
                    text.Insert(at, stranger);
                    break;
                case 3:
                    text[at] = (char)random.Next(1, 0x300);
                    break;
                case 4:
                    text.Insert(at, text.ToString(at, length));
                    break;
                default:
                    // A whole value by another, so that the text stays JSON or XML and its meaning is wrong.
                    MatchCollection values = value.Matches(text.ToString());
                    if (values.Count > 0 && values[random.Next(values.Count)] is { } chosen)
                    {
                        text.Remove(chosen.Index, chosen.Length).Insert(chosen.Index, stranger);
                    }

                    break;
            }
        }

        return text.ToString();
    }

    [GeneratedRegex("(?<=: )(\"[^\"]*\"|-?[0-9.]+|true|false|\\[\\]|\\{)|(?<=\\n\\s+)[{\"][^\\n]*(?=\\n)")]
    private static partial Regex JsonValue();

    [GeneratedRegex("(?<=>)[^<>\\n]+(?=<)|(?<=\\t)[^\\t\\n]+")]
    private static partial Regex XmlText();
}
