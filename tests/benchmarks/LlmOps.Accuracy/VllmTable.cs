using LlmOps.Core.Tests.Planning.Vllm;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning.Vllm;

namespace LlmOps.Accuracy;

/// <summary>Recorded launches of vLLM beside what is computed for them.</summary>
internal static class VllmTable
{
    // The shape by the row's model; null where nobody says which model it is, or where it is no shape that vLLM's own release runs.
    private static ShapedFolder? ShapeOf(VllmRun run) => run.Model switch
    {
        "Qwen3.6-35B-A3B" or "Qwen3.5 (GGUF)" => KnownShapes.Qwen35BExperts,
        "Qwen3.6-27B" => KnownShapes.Qwen27B with { GroupSize = 128 },
        "Llama-3.1-8B-Instruct" => KnownShapes.Llama8B,
        "Meta-Llama-3.1-70B-Instruct w8a8" => KnownShapes.Llama70BEight,
        _ when run.Model.StartsWith("Qwen 32B", StringComparison.Ordinal) => KnownShapes.Qwen32BFour,
        "MiniMax-M2.7" => KnownShapes.MiniMax,
        "gpt-oss-120b" => KnownShapes.GptOss120B,
        _ => null,
    };

    // z-lab's DFlash drafter of Qwen3.6-27B has five attention layers; that four of them have a window was nothing to versions up to 0.20.
    private static readonly AttentionShape[] s_blockDiffusionDraft = [.. Enumerable.Range(0, 5).Select(layer => new AttentionShape(layer, 32, 8, 128, 128, null))];

    public static void Print(string path)
    {
        string root = Directory.CreateTempSubdirectory("llmops-vllm-runs").FullName;
        List<double> weightErrors = [];
        List<double> tokenErrors = [];
        List<double> wholeErrors = [];
        Console.WriteLine($"{"run",-40} {"weights GiB",22} {"tokens, pool as recorded",30} {"tokens, all computed",28} {"request GiB",16}");
        foreach (VllmRun run in VllmRun.Read(path))
        {
            if (ShapeOf(run) is not { } shape || run.Context == 0)
            {
                Console.WriteLine($"{run.Id,-40} skipped: {(run.Context == 0 ? "no length" : "no shape is known for " + (run.Model.Length == 0 ? "an unnamed model" : run.Model))}");
                continue;
            }

            ModelDescription model = ModelReader.Read(shape.Write(Path.Combine(root, run.Id)));
            VllmSetting setting = Setting(run, model);
            KvPool pool = KvPool.Of(model, setting);
            string weights = Compare(run.Weights, VllmWeights.PerGpu(model, setting) / (double)LlmOps.Bytes.GiB, weightErrors, "0.00");
            string tokens = run.Available is { } available ? Compare(run.Tokens, Tokens((long)(available * LlmOps.Bytes.GiB)), tokenErrors, "0") : "";
            string whole = "";
            if (run.Utilization is not null && run.TotalGib is not null)
            {
                VllmBudget budget = VllmBudget.Of(model, setting);
                whole = Compare(run.Tokens, Tokens(budget.PoolBytes), wholeErrors, "0");
            }

            string request = run.Needed is null ? "" : Compare(run.Needed, pool.RequestBytes / (double)LlmOps.Bytes.GiB, [], "0.00");
            Console.WriteLine($"{run.Id,-40} {weights,22} {tokens,30} {whole,28} {request,16}");

            double Tokens(long bytes) => VllmVersion.Parse(run.Version)?.IsAtLeast(21) == false && model.Recurrent is not null ? pool.TokensByBlocks(bytes) : pool.Tokens(bytes, setting.ContextLength);
        }

        Directory.Delete(root, recursive: true);
        Console.WriteLine($"median error: weights {Median(weightErrors):P1} of {weightErrors.Count}, tokens with the recorded pool {Median(tokenErrors):P1} of {tokenErrors.Count}, tokens with all computed {Median(wholeErrors):P1} of {wholeErrors.Count}");
    }

    private static VllmSetting Setting(VllmRun run, ModelDescription model)
    {
        VllmVersion version = VllmVersion.Parse(run.Version) ?? VllmVersion.Newest;
        long total = (long)((run.TotalGib ?? 24) * LlmOps.Bytes.GiB);
        bool large = run.TotalGib >= 70;
        return new VllmSetting
        {
            Version = version,
            Gpus = [.. Enumerable.Range(0, run.Tensor).Select(index => new GpuDevice { Index = index, Name = "recorded", Vendor = GpuVendor.Nvidia, MemoryTotalBytes = total, MemoryReservedBytes = 0 })],
            TensorParallel = run.Tensor,
            ContextLength = run.Context,
            Sequences = run.Sequences ?? (large ? 1024 : 256),
            BatchTokens = run.Batch ?? (large && version.IsAtLeast(7) && run.FirstEngine != true ? 8192 : 2048),
            KvCacheType = run.KvType,
            DraftTokens = run.Draft,
            DraftAttention = run.DraftMethod == "dflash" ? s_blockDiffusionDraft : [],
            FirstEngine = run.FirstEngine,
            MambaCacheMode = version.IsAtLeast(20) && model.Recurrent is not null ? "align" : "none",
            PinnedUtilization = run.Utilization,
        };
    }

    private static string Compare(double? recorded, double computed, List<double> errors, string format)
    {
        if (recorded is not { } known)
        {
            return "";
        }

        double error = (computed - known) / known;
        errors.Add(Math.Abs(error));
        return $"{known.ToString(format)} / {computed.ToString(format)} {error:+0.0%;-0.0%;0.0%}";
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
