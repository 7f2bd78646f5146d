using System.Threading.Channels;

namespace LlmOps.StandIns.Vllm;

/// <summary>A request that is being computed.</summary>
internal sealed class Job(int[] prompt, int mostTokens, bool ignoresEnd)
{
    // Without ignore_eos an answer ends by itself; an assumption of the stand-in.
    private const int NaturalLength = 200;

    private readonly Channel<Piece> _pieces = Channel.CreateUnbounded<Piece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    /// <summary>What one step brought.</summary>
    /// <param name="Tokens">Tokens generated in it.</param>
    /// <param name="Finish">Why it ended; null when it goes on.</param>
    public sealed record Piece(int Tokens, string? Finish);

    public int[] Prompt => prompt;

    public int PromptLeft { get; set; }

    public int CachedTokens { get; set; }

    public int Generated { get; private set; }

    public double ArrivedAt { get; } = Clock.Now;

    public double StartedAt { get; set; }

    public double FirstTokenAt { get; private set; }

    public double LastTokenAt { get; private set; }

    public bool IsGone { get; set; }

    /// <summary>What it brings, in order.</summary>
    public ChannelReader<Piece> Pieces => _pieces.Reader;

    /// <summary>The tokens that it holds in the pool.</summary>
    public int Held => prompt.Length - PromptLeft + Generated;

    /// <summary>Adds the tokens of a step; what is beyond its end is cut off.</summary>
    /// <returns>How many of them count, and whether it has ended.</returns>
    public (int Tokens, string? Finish) Add(int tokens)
    {
        int end = ignoresEnd ? mostTokens : Math.Min(mostTokens, NaturalLength);
        int taken = Math.Min(tokens, end - Generated);
        Generated += taken;
        LastTokenAt = Clock.Now;
        if (FirstTokenAt == 0)
        {
            FirstTokenAt = LastTokenAt;
        }

        string? finish = Generated < end ? null : end == mostTokens ? "length" : "stop";
        _pieces.Writer.TryWrite(new Piece(taken, finish));
        if (finish is not null)
        {
            _pieces.Writer.Complete();
        }

        return (taken, finish);
    }

    /// <summary>Ends it because the engine is dead.</summary>
    public void Break() => _pieces.Writer.TryComplete(new InvalidOperationException("EngineCore encountered an issue. See stack trace (above) for the root cause."));
}

/// <summary>Seconds of a clock that only goes forward.</summary>
internal static class Clock
{
    /// <summary>Now.</summary>
    public static double Now => (double)System.Diagnostics.Stopwatch.GetTimestamp() / System.Diagnostics.Stopwatch.Frequency;
}
