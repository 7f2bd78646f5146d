using LlmOps.Configuration;
using LlmOps.Core.Tests.Engines;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

/// <summary>Every option of the table, pinned, planned and rendered: what is asked for is what the engine is told.</summary>
public sealed class PinnedCommandTests
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    // What is not simply a number, or must fit the others: the words after the flag.
    private static readonly Dictionary<EngineOption, (string Pin, string[] Rendered)> s_values = new()
    {
        [LlamaCppOptions.SplitMode] = ("row", ["--split-mode", "row"]),
        [LlamaCppOptions.TensorSplit] = ("3,1", ["--tensor-split", "3,1"]),
        [LlamaCppOptions.OverrideTensor] = ("blk\\.0\\.=CPU", ["--override-tensor", "blk\\.0\\.=CPU"]),
        [LlamaCppOptions.Projector] = ("/models/mmproj.gguf", ["--mmproj", "/models/mmproj.gguf"]),
        [LlamaCppOptions.DraftModel] = ("/models/draft.gguf", ["--spec-draft-model", "/models/draft.gguf"]),
        [LlamaCppOptions.ChatTemplateFile] = ("/models/chat.jinja", ["--chat-template-file", "/models/chat.jinja"]),
        [LlamaCppOptions.Speculation] = ("draft-simple", ["--spec-type", "draft-simple"]),
        [LlamaCppOptions.MemoryLock] = ("true", ["--load-mode", "mmap+mlock"]),
        [LlamaCppOptions.MemoryMap] = ("false", ["--load-mode", "none"]),
        [LlamaCppOptions.KvCacheTypeK] = ("q5_1", ["--cache-type-k", "q5_1"]),
        [LlamaCppOptions.KvCacheTypeV] = ("q5_0", ["--cache-type-v", "q5_0"]),
        [LlamaCppOptions.FlashAttention] = ("on", ["--flash-attn", "on"]),
        [LlamaCppOptions.Numa] = ("isolate", ["--numa", "isolate"]),
        [LlamaCppOptions.Fit] = ("on", ["--fit", "on"]),
    };

    public static TheoryData<string> Options => [.. LlamaCppOptions.Table.Options.Select(option => option.Name)];

    [Theory]
    [MemberData(nameof(Options))]
    public void What_is_pinned_reaches_the_command_line(string name)
    {
        EngineOption option = LlamaCppOptions.Table.Options.Single(item => item.Name == name);
        EngineCapabilities engine = EngineFixtures.LlamaServer("0.7.0");
        (string pin, string[] rendered) = s_values.TryGetValue(option, out (string Pin, string[] Rendered) own) ? own : Usual(option, engine);
        PlanRequest request = new()
        {
            Model = PlanFixtures.Llama8B,
            Topology = PlanFixtures.Machine(("RTX 3090", 24), ("RTX 3090", 24)),
            Engine = engine,
            Pins = new Dictionary<string, string> { [option.Flags[0]] = pin },
        };

        ServerConfig config = s_planner.Plan(request);
        IReadOnlyList<string> arguments = LaunchCommandBuilder.Build(config, engine).Arguments;

        Assert.True(config.Decisions.Single(decision => decision.Option == name).Pinned);
        int at = Enumerable.Range(0, arguments.Count).FirstOrDefault(index => arguments.Skip(index).Take(rendered.Length).SequenceEqual(rendered), -1);
        Assert.True(at >= 0, $"{string.Join(' ', rendered)} is not in {string.Join(' ', arguments)}");
    }

    private static (string Pin, string[] Rendered) Usual(EngineOption option, EngineCapabilities engine)
    {
        string flag = option.Flags.First(candidate => engine.Find("--" + candidate) is not null);
        return option switch
        {
            SwitchOption when engine.Find("--no-" + flag) is null => ("true", ["--" + flag]),
            SwitchOption => ("false", ["--no-" + flag]),
            TextOption => ("10.0.0.2:50052", ["--" + flag, "10.0.0.2:50052"]),
            NumberOption number => (Number(number), ["--" + flag, Number(number)]),
            _ => throw new InvalidOperationException($"{option.Name} has no sample value"),
        };
    }

    private static string Number(NumberOption option) => option == LlamaCppOptions.MainGpu ? "1" : option == LlamaCppOptions.ContextLength ? "8192" : option == LlamaCppOptions.BatchSize ? "1024" : "3";
}
