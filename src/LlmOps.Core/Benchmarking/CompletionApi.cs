namespace LlmOps.Benchmarking;

/// <summary>Which OpenAI endpoint is asked.</summary>
public enum CompletionApi
{
    /// <summary><c>/v1/chat/completions</c>: messages, put into the model's chat template by the server.</summary>
    Chat,

    /// <summary><c>/v1/completions</c>: plain text.</summary>
    Completions,
}
