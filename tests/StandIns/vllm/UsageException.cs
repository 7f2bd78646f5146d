namespace LlmOps.StandIns.Vllm;

/// <summary>What argparse would refuse, in its words.</summary>
/// <param name="program">The parser that refuses: <c>vllm</c> for what no parser knows, <c>vllm serve</c> for a value.</param>
/// <param name="problem">What it says.</param>
internal sealed class UsageException(string program, string problem) : Exception($"{program}: error: {problem}")
{
    /// <summary>The line before it.</summary>
    public string Usage { get; } = program == "vllm" ? "usage: vllm [-h] [-v] {chat,complete,serve,launch,bench,collect-env,run-batch} ..." : "usage: vllm serve [model_tag] [options]";
}
