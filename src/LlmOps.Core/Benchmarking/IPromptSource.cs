namespace LlmOps.Benchmarking;

/// <summary>Where prompts come from. Used by many streams at once.</summary>
internal interface IPromptSource
{
    /// <summary>Tokens of each prompt, chat template included; 0 when nobody knows before.</summary>
    public int Tokens => 0;

    /// <summary>What the prompts are, in a few words.</summary>
    public string Kind { get; }

    /// <summary>The messages that a turn adds to its conversation.</summary>
    /// <param name="number">Which conversation; each number once.</param>
    /// <param name="turn">Which of its turns, from 1.</param>
    /// <returns>Empty when the conversation has no such turn.</returns>
    public IReadOnlyList<PromptMessage> Turn(long number, int turn);
}
