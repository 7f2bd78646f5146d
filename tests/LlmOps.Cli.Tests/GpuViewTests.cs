using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary>What people see of a machine: the compact table, everything, the matrix, what programs see, and watching.</summary>
public sealed class GpuViewTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public static TheoryData<string> Machines => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "Machines"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file))];

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task No_view_of_any_machine_breaks_a_gpus_row_at_eighty_columns(string machine)
    {
        _sandbox.Environment["COLUMNS"] = "80";
        Outcome outcome = await _sandbox.RunAsync("gpu", "--topology", Saved(machine));

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        Assert.All(outcome.Output.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
        string[] rows = [.. outcome.Output.Split('\n').Where(line => line.StartsWith('│') && line.Contains("GiB", StringComparison.Ordinal))];
        int gpus = JsonDocument.Parse(await File.ReadAllTextAsync(Saved(machine), TestContext.Current.CancellationToken)).RootElement.GetProperty("gpus").GetArrayLength();
        Assert.Equal(gpus, rows.Length);
    }

    [Fact]
    public async Task The_table_marks_a_card_that_its_slot_holds_back_and_groups_pairs_that_are_alike()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--topology", Saved("five-cards-dual-xeon"));

        Assert.Contains("GeForce RTX 4080 SUPER", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("23.8 of 24.0 GiB", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("* GPU 0, 1, 2: the card could use 4.0 x16, its slot has 3.0 x16", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("* GPU 4: the card could use 3.0 x16, its slot has 3.0 x8", outcome.Output, StringComparison.Ordinal);
        Assert.Matches(@"SYS\s+│\s+12\.6 GB/s │ no\s+│ 0-3, 1-3, 2-3 ", outcome.Output);
        Assert.Matches(@"PHB\s+│\s+6\.3 GB/s │ no\s+│ 3-4 ", outcome.Output);
    }

    [Fact]
    public async Task Eight_gpus_on_switches_have_one_row_of_links()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--topology", Saved("eight-h100-nvswitch"));
        Assert.Matches(@"18 x NVLink 4\.0 │\s+478 GB/s │ yes\s+│ all 28 ", outcome.Output);
    }

    [Fact]
    public async Task Everything_that_is_known_of_host_and_gpus_is_in_the_full_list()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--full", "--topology", Saved("mig-a100"));

        Assert.Equal(0, outcome.ExitCode);
        foreach (string fact in new[]
        {
            "Host", "GPU 2: NVIDIA A100-SXM4-40GB MIG 3g.20gb", "MIG-20000000-aaaa-5bbb-8ccc-000000000000", "Part of       GPU 0 (2g.10gb, GPU instance 3", "none: CUDA takes it by UUID only",
            "Swap          2.00 GiB, 2.00 GiB free", "BAR1          256 MiB, 254 MiB free", "pci0000:00 - 0000:00:01.0", "100-440 W can be set", "nothing (it idles)", "ECC           on, 0 corrected, 0 uncorrected",
        })
        {
            Assert.Contains(fact, outcome.Output, StringComparison.Ordinal);
        }

        Outcome drawing = await _sandbox.RunAsync("gpu", "--full", "--topology", Saved("one-3090"));
        Assert.Contains("Processes     ? (1201), graphics, 40.0 MiB", drawing.Output, StringComparison.Ordinal);
        Assert.Contains("CUDA number   0 with CUDA_DEVICE_ORDER=PCI_BUS_ID, about 0 by default", drawing.Output, StringComparison.Ordinal);
        Outcome modules = await _sandbox.RunAsync("gpu", "--full", "--topology", Saved("five-cards-dual-xeon"));
        Assert.Contains("154 GB/s in theory, 8 x 16.0 GiB", modules.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_matrix_has_a_row_for_each_gpu_and_explains_its_marks()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--matrix", "--topology", Saved("two-2080ti-nvlink"));

        string[] lines = outcome.Output.Split('\n');
        Assert.Matches("^ +GPU0 +GPU1 +NUMA +CPUs$", lines[0]);
        Assert.Matches("^GPU0 +X +NV2 +", lines[1]);
        Assert.Matches("^GPU1 +NV2 +X +", lines[2]);
        Assert.Contains("  NV#   NVLink, with the number of links", lines);
        Assert.Contains("No GPUs", (await _sandbox.RunAsync("gpu", "--matrix", "--topology", Saved("no-gpu"))).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2,1", null, new[] { 2, 1 }, "")]
    [InlineData("GPU-00000004", null, new[] { 4 }, "")]
    [InlineData("1,9,2", null, new[] { 1 }, "'9' names no GPU; it and what follows it are ignored.")]
    [InlineData("0", "FASTEST_FIRST", new[] { 1 }, "")]
    public async Task Programs_see_what_the_saved_variables_leave(string visible, string? order, int[] indexes, string note)
    {
        string json = (await File.ReadAllTextAsync(Saved("five-cards-dual-xeon"), TestContext.Current.CancellationToken))
            .Replace("\"notes\": []", $$"""
                "environment": { "cudaVisibleDevices": "{{visible}}", "cudaDeviceOrder": "{{order ?? "PCI_BUS_ID"}}" }, "notes": []
                """, StringComparison.Ordinal);
        Outcome outcome = await _sandbox.RunAsync("gpu", "--visible", "--json", "--topology", _sandbox.WriteFile("machine.json", json));

        Assert.Equal(indexes, outcome.Json.GetProperty("gpus").EnumerateArray().Select(gpu => gpu.GetProperty("index").GetInt32()));
        Assert.Equal(Enumerable.Range(0, indexes.Length), outcome.Json.GetProperty("gpus").EnumerateArray().Select(gpu => gpu.GetProperty("cudaIndex").GetInt32()));
        Assert.Contains(note, string.Concat(outcome.Json.GetProperty("notes").EnumerateArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_of_this_shell_apply_to_this_machine()
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 3);
        _sandbox.Environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
        _sandbox.Environment["CUDA_VISIBLE_DEVICES"] = "2,0";

        Outcome all = await _sandbox.RunAsync("gpu", "--json");
        Outcome seen = await _sandbox.RunAsync("gpu", "--json", "--visible");

        Assert.Equal(3, all.Json.GetProperty("gpus").GetArrayLength());
        Assert.Equal("2,0", all.Json.GetProperty("environment").GetProperty("cudaVisibleDevices").GetString());
        Assert.Equal([2, 0], seen.Json.GetProperty("gpus").EnumerateArray().Select(gpu => gpu.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task Watching_prints_a_line_for_each_gpu_and_round_and_what_it_cost()
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 2);
        Outcome outcome = await _sandbox.RunAsync("gpu", "--watch", "0.05", "--rounds", "3");

        Assert.Equal(0, outcome.ExitCode);
        string[] lines = outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, lines.Length);
        Assert.StartsWith("time ", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} +0 +4 .* 18 W +30", lines[1]);
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} +1 +4 .* 18 W +31", lines[2]);
        Assert.Matches(@"^3 rounds, [0-9.]+ ms each: [0-9.]+ ?% of one processor at most; \d+ missed\.", outcome.Error);
    }

    [Fact]
    public async Task Watching_a_machine_without_gpus_says_so()
    {
        Outcome outcome = await _sandbox.RunAsync("gpu", "--watch", "1", "--topology", Saved("no-gpu"));
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("there is no GPU to watch", outcome.OneLineError(), StringComparison.Ordinal);
    }

    private static string Saved(string machine) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "Machines", machine + ".json");
}
