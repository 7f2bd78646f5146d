using System.Text.Json;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class TopologyFileTests
{
    [Theory]
    [InlineData("five-cards-dual-xeon.json")]
    [InlineData("two-2080ti-nvlink.json")]
    [InlineData("one-3090.json")]
    public void A_topology_written_and_read_again_says_the_same(string name)
    {
        string saved = Fixture.Read(name);
        string written = TopologyFile.ToJson(TopologyFile.Parse(saved, name));

        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(saved).RootElement, JsonDocument.Parse(written).RootElement), written);
    }

    [Fact]
    public void Fields_are_read_as_what_they_are()
    {
        GpuTopology topology = TopologyFile.Read(Fixture.PathOf("two-2080ti-nvlink.json"));

        Assert.Equal(new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero), topology.CapturedAt);
        Assert.Equal("595.71.05", topology.Driver?.Version);
        Assert.Equal(GpuVendor.Nvidia, topology.Gpus[1].Vendor);
        Assert.Equal(22528 * Bytes.MiB, topology.Gpus[1].MemoryTotalBytes);
        Assert.Equal(new PcieLink { Generation = 1, Width = 16, MaxGeneration = 3, MaxWidth = 16 }, topology.Gpus[0].Pcie);
        Assert.Equal(new GpuLink { A = 0, B = 1, Kind = GpuLinkKind.NVLink, Nvlinks = 2, BytesPerSecond = 51562000000, PeerAccess = true }, topology.Links[0]);
        Assert.Null(topology.Gpus[0].NumaNode);
        Assert.Null(topology.Host.Memory.BandwidthBytesPerSecond);
    }

    [Fact]
    public void Vendors_are_written_in_lower_case_links_as_nvidia_smi_does_and_unknown_values_not_at_all()
    {
        string json = TopologyFile.ToJson(new GpuTopology
        {
            CapturedAt = new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.FromHours(1)),
            Gpus = [new GpuDevice { Vendor = GpuVendor.Software, Name = "Arc™ A770" }, new GpuDevice { Index = 1 }],
            Links = [new GpuLink { B = 1, Kind = GpuLinkKind.NODE }],
        });

        Assert.Contains("\"capturedAt\": \"2026-11-21T09:00:00Z\"", json, StringComparison.Ordinal);
        Assert.Contains("\"vendor\": \"software\"", json, StringComparison.Ordinal);
        Assert.Contains("\"name\": \"Arc™ A770\"", json, StringComparison.Ordinal);
        Assert.Contains("\"kind\": \"NODE\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("null", json, StringComparison.Ordinal);
        Assert.DoesNotContain("uuid", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_fields_are_ignored_and_absent_or_null_ones_are_unknown()
    {
        GpuTopology topology = TopologyFile.Parse(
            """{ "host": { "cpu": null, "memory": { "bandwidthBytesPerSecond": null }, "horoscope": [1] }, "gpus": [ { "name": "A", "processes": null } ], "links": null, }""", "x");

        Assert.Equal("A", Assert.Single(topology.Gpus).Name);
        Assert.Empty(topology.Gpus[0].Processes);
        Assert.Empty(topology.Links);
        Assert.Empty(topology.Host.Cpu.InstructionSets);
        Assert.Empty(topology.Host.NumaNodes);
    }

    [Fact]
    public void Text_from_ConvertTo_Json_with_capital_names_and_numbers_for_enums_is_read()
    {
        GpuTopology topology = TopologyFile.Parse("""{ "Gpus": [ { "Index": 3, "Vendor": 1 } ], "Host": { "IsWsl": true } }""", "x");

        Assert.Equal((3, GpuVendor.Nvidia, true), (topology.Gpus[0].Index, topology.Gpus[0].Vendor, topology.Host.IsWsl));
    }

    [Fact]
    public void Text_that_ConvertTo_Json_made_of_an_object_from_another_session_is_read_whole()
    {
        GpuTopology topology = TopologyFile.Parse(
            """{ "LlmOpsObject": "{\"Topology\":{\"Host\":{\"Name\":\"far\"},\"Gpus\":[{\"Index\":0,\"Vendor\":\"Nvidia\",\"Name\":\"A\"}]}}", "CapturedAt": { "Day": 21 }, "Host": "LlmOps.Hardware.HostInfo", "Gpus": ["LlmOps.Hardware.GpuDevice"] }""", "x");

        Assert.Equal(("far", "A", GpuVendor.Nvidia), (topology.Host.Name, topology.Gpus[0].Name, topology.Gpus[0].Vendor));
    }

    [Fact]
    public void Gpus_without_indexes_are_numbered_in_their_order() =>
        Assert.Equal([0, 1, 2], TopologyFile.Parse("""{ "gpus": [ {}, {}, {} ] }""", "x").Gpus.Select(gpu => gpu.Index));

    [Theory]
    [InlineData("", "x.json: line 1, column 1: the text is empty. ")]
    [InlineData("[1]", "x.json: line 1, column 1: a topology is a JSON object, this is a list. ")]
    [InlineData("{ \"model\": 1 }", "x.json: line 1, column 1: this JSON is not a topology: it has neither 'gpus' nor 'host'. ")]
    [InlineData("{ \"model\": { \"gpus\": [] } }", "x.json: line 1, column 1: this JSON is not a topology: ")]
    [InlineData("{\n  \"gpus\": [\n    { \"ind", "x.json: line 3, column 11: the JSON ends too early: ")]
    [InlineData("name: tiny\n", "x.json: line 1, column 2: this is not JSON: ")]
    [InlineData("{\n  \"gpus\": [ { \"name\": \"é\", \"memoryTotalBytes\": \"32GB\" } ] }", "x.json: line 2, column 48: 'gpus[0].memoryTotalBytes' has a value of the wrong type; found \"32GB\".")]
    [InlineData("{ \"gpus\": {} }", "x.json: line 1, column 11: 'gpus' has a value of the wrong type; found an object.")]
    [InlineData("{ \"gpus\": [ { \"vendor\": \"nvida\" } ] }", "x.json: line 1, column 25: 'gpus[0].vendor' must be one of unknown, nvidia, amd, intel, software; found \"nvida\".")]
    [InlineData("{ \"gpus\": [], \"capturedAt\": \"today\" }", "x.json: line 1, column 29: 'capturedAt' must be a time like 2026-11-21T09:00:00Z; found \"today\".")]
    [InlineData("{ \"gpus\": [ { \"index\": 1 }, { \"index\": 1 } ] }", "x.json: two GPUs have index 1; ")]
    [InlineData("{ \"gpus\": [ { \"memoryTotalBytes\": -1 } ] }", "x.json: GPU 0 has a negative memory size; ")]
    [InlineData("{ \"gpus\": [ {} ], \"links\": [ { \"a\": 0, \"b\": 4, \"kind\": \"PHB\" } ] }", "x.json: a link joins GPU 0 and GPU 4, but ")]
    public void Text_that_is_no_topology_is_refused_with_the_place(string json, string start)
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => TopologyFile.Parse(json, "x.json"));

        Assert.Equal("TopologyInvalid", error.ErrorId);
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Every_truncation_of_a_real_topology_is_refused_with_one_line()
    {
        string json = Fixture.Read("one-3090.json").TrimEnd();
        for (int length = 0; length < json.Length; length += 7)
        {
            LlmOpsException error = Assert.Throws<LlmOpsException>(() => TopologyFile.Parse(json[..length], "x"));
            Assert.Equal("TopologyInvalid", error.ErrorId);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void A_missing_file_is_told_apart_from_an_unreadable_one()
    {
        string folder = Directory.CreateTempSubdirectory("llmops-").FullName;
        try
        {
            LlmOpsException missing = Assert.Throws<LlmOpsException>(() => TopologyFile.Read(Path.Join(folder, "none.json")));
            LlmOpsException unreadable = Assert.Throws<LlmOpsException>(() => TopologyFile.Read(folder));

            Assert.Equal(("TopologyNotFound", ErrorKind.NotFound), (missing.ErrorId, missing.Kind));
            Assert.StartsWith(Path.Join(folder, "none.json") + ": no such topology file.", missing.Message, StringComparison.Ordinal);
            Assert.Equal("TopologyUnreadable", unreadable.ErrorId);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact]
    public void A_file_much_too_large_for_a_topology_is_refused_without_reading_it()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.OpenWrite(path))
            {
                file.SetLength(40L * Bytes.GiB);
            }

            LlmOpsException error = Assert.Throws<LlmOpsException>(() => TopologyFile.Read(path));
            Assert.Contains("it has 40.0 GiB", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
