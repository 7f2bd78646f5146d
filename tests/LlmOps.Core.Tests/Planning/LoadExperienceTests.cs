using LlmOps.Configuration;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Core.Tests.Planning;

/// <summary>What a plan learns from earlier starts of the same model with the same engine.</summary>
public sealed class LoadExperienceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-experience-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_plan_that_was_too_low_leaves_as_much_more_free_on_that_gpu_and_says_so()
    {
        ServerConfig naive = Plan();
        ServerConfig wiser = Plan(Load("GPU-0000", plannedMebibytes: 18000, actualMebibytes: 19000), Load("GPU-0000", plannedMebibytes: 18000, actualMebibytes: 18500));

        Decision decision = Measured(wiser)!;
        Assert.Equal("CUDA0 +1000 MiB headroom", decision.Value);
        Assert.Equal(
            "the start of 2026-11-20 17:03 UTC with this engine allocated 18.6 GiB on NVIDIA GeForce RTX 3090 0 where 17.6 GiB were planned, so that much more stays free", decision.Reason);
        Assert.Null(Measured(naive));
        Assert.True(ContextOf(wiser) < ContextOf(naive), $"{ContextOf(wiser)} is not shorter than {ContextOf(naive)}");
        long total = naive.Plan!.Devices[0].TotalBytes;
        Assert.InRange(wiser.Plan!.Devices[0].UsedBytes, 1, total - (300 * Bytes.MiB) - (512 * Bytes.MiB) - (1000 * Bytes.MiB));
        Assert.Empty(wiser.Problems);
    }

    [Theory]
    [InlineData("GPU-0000", 18000, 17500, "CUDA0 as planned")]
    [InlineData("GPU-0000", 18000, 18000, "CUDA0 as planned")]
    [InlineData("GPU-0009", 18000, 19000, null)]
    [InlineData(null, 18000, 19000, null)]
    public void A_plan_that_said_too_much_is_cited_and_one_of_another_gpu_counts_for_nothing(string? uuid, long planned, long actual, string? decision)
    {
        ServerConfig config = Plan(Load(uuid, planned, actual));

        Assert.Equal(decision, Measured(config)?.Value);
        Assert.Equal(ContextOf(Plan()), ContextOf(config));
    }

    [Fact]
    public void A_start_without_a_plan_teaches_nothing()
    {
        MeasuredLoad load = Load("GPU-0000", 18000, 19000);
        Assert.Null(Measured(Plan(load with { Devices = [load.Devices[0] with { PlannedBytes = null }] })));
    }

    [Fact]
    public void Only_starts_of_the_same_file_with_the_same_engine_are_found()
    {
        string model = Path.Combine(_folder, "m.gguf");
        File.WriteAllText(model, "GGUF");
        MeasuredLoads loads = new(Path.Combine(_folder, "loads"));
        MeasuredLoad load = Load("GPU-0000", 18000, 19000) with { Model = model, ModelBytes = 4 };
        loads.Keep(load);
        loads.Keep(load with { Model = model + ".other" });
        loads.Keep(load with { EnginePath = "/opt/other", Arguments = ["--ctx-size", "1"] });

        MeasuredLoad found = Assert.Single(loads.Of(model, "/opt/engine"));
        Assert.Equal(("GPU-0000", 19000 * Bytes.MiB), (found.Devices[0].Uuid, found.Devices[0].ActualBytes));
        Assert.Empty(loads.Of(model, null));
        File.WriteAllText(model, "GGUF, and more");
        Assert.Empty(loads.Of(model, "/opt/engine"));
    }

    private static ServerConfig Plan(params MeasuredLoad[] loads) => new ServerPlanner((first, _) => first).Plan(
        new PlanRequest { Model = PlanFixtures.Qwq32B, Topology = PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24)), Experience = loads });

    private static MeasuredLoad Load(string? uuid, long plannedMebibytes, long actualMebibytes) => new()
    {
        At = new DateTimeOffset(2026, 11, 20, 17, 3, 0, TimeSpan.Zero),
        Model = PlanFixtures.Qwq32B.Path,
        EnginePath = "/opt/engine",
        Devices = [new DeviceAllocation { Device = "CUDA0", Uuid = uuid, PlannedBytes = plannedMebibytes * Bytes.MiB, WeightsBytes = actualMebibytes * Bytes.MiB }],
    };

    private static Decision? Measured(ServerConfig config) => config.Decisions.FirstOrDefault(decision => decision.Option == "measured");

    private static long ContextOf(ServerConfig config) => config.Options.Get(LlmOps.Engines.LlamaCpp.LlamaCppOptions.ContextLength);
}
