using System.Buffers;
using System.Globalization;

namespace LlmOps.Benchmarking;

/// <summary>Prompts of random words, each of them new, so that no cache helps.</summary>
/// <param name="prompt">How many words of which.</param>
/// <param name="seed">Makes them the same in every run; null makes them new each time.</param>
/// <param name="numbers">The numbers of prompts whose length was found to be exact; empty when every one is.</param>
internal sealed class SyntheticPrompts(WordPrompt prompt, int? seed, IReadOnlyList<int>? numbers = null) : IPromptSource
{
    private readonly int _seed = seed ?? Random.Shared.Next();

    /// <summary>Tokens of each; 0 when not calibrated.</summary>
    public int Tokens { get; init; }

    public string Kind => string.Create(CultureInfo.InvariantCulture, $"{Tokens} random tokens{(prompt.SharedWords.Length > 0 ? ", with a shared beginning" : "")}");

    public IReadOnlyList<PromptMessage> Turn(long number, int turn)
    {
        long chosen = numbers is { Count: > 0 } ? numbers[(int)(number % numbers.Count)] : number;
        ArrayBufferWriter<byte> text = new(8 * (prompt.Count + 16));
        prompt.Write(text, RandomOf(chosen, turn));
        return [new PromptMessage("user", text.WrittenMemory)];
    }

    /// <summary>What decides the words of a prompt.</summary>
    internal Random RandomOf(long number, int turn) => new(unchecked((int)((((ulong)(uint)_seed << 32) + ((ulong)number * 64) + (ulong)turn + 1) * 0x9E3779B97F4A7C15UL >> 33)));
}
