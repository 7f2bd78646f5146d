using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>Prompts of a file, in its order and from its beginning again when they are used up.</summary>
/// <remarks>
/// One prompt a line: a JSON object with <c>messages</c> (OpenAI), <c>conversations</c> (ShareGPT) or <c>prompt</c>, a JSON string, or
/// plain text. A file that is one JSON array holds such elements.
/// </remarks>
internal sealed class FilePrompts : IPromptSource
{
    private readonly string _name;
    private readonly List<List<PromptMessage>> _prompts = [];
    private readonly bool _isConversation;

    private FilePrompts(string path, bool isConversation) => (_name, _isConversation) = (Path.GetFileName(path), isConversation);

    public string Kind => string.Create(CultureInfo.InvariantCulture, $"{_prompts.Count} prompts of {_name}");

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isConversation">Whether a prompt's user messages are sent one after another, each with the server's own answers before it; else all its messages are sent at once.</param>
    /// <exception cref="LlmOpsException"><c>PromptFileInvalid</c>: it cannot be read or holds no prompt.</exception>
    public static FilePrompts Load(string path, bool isConversation)
    {
        FilePrompts prompts = new(path, isConversation);
        try
        {
            prompts.Read(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, $"cannot be read: {exception.Message}");
        }

        return prompts._prompts.Count > 0 ? prompts : throw Invalid(path, "holds no prompt");
    }

    public IReadOnlyList<PromptMessage> Turn(long number, int turn)
    {
        List<PromptMessage> prompt = _prompts[(int)(number % _prompts.Count)];
        if (!_isConversation)
        {
            return turn == 1 ? prompt : [];
        }

        // A turn is a user's message with what stands before it but is no answer, such as the system's.
        List<PromptMessage> messages = [];
        int users = 0;
        foreach (PromptMessage message in prompt)
        {
            if (message.Role == "assistant")
            {
                continue;
            }

            if (users == turn - 1)
            {
                messages.Add(message);
            }

            if (message.Role == "user" && ++users == turn)
            {
                return messages;
            }
        }

        return [];
    }

    private static LlmOpsException Invalid(string path, string problem) => new($"The prompt file '{path}' {problem}.", "PromptFileInvalid");

    private void Read(string text, string path)
    {
        if (text.AsSpan().TrimStart() is ['[', ..])
        {
            using JsonDocument document = Parse(text, path, 1);
            foreach (JsonElement element in document.RootElement.EnumerateArray())
            {
                Add(element, path, _prompts.Count + 1);
            }

            return;
        }

        int number = 0;
        foreach (string line in text.Split('\n'))
        {
            number++;
            string trimmed = line.Trim();
            if (trimmed is ['{' or '"', ..])
            {
                using JsonDocument document = Parse(trimmed, path, number);
                Add(document.RootElement, path, number);
            }
            else if (trimmed.Length > 0)
            {
                _prompts.Add([new PromptMessage("user", Encoding.UTF8.GetBytes(trimmed))]);
            }
        }
    }

    private static JsonDocument Parse(string text, string path, int line)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException exception)
        {
            throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"has no valid JSON in line {line + (exception.LineNumber ?? 0)}"));
        }
    }

    private void Add(JsonElement element, string path, int number)
    {
        List<PromptMessage> messages = [];
        if (element.ValueKind == JsonValueKind.String)
        {
            messages.Add(Message("user", element));
        }
        else if (element.ValueKind == JsonValueKind.Object && (element.TryGetProperty("messages", out JsonElement list) || element.TryGetProperty("conversations", out list)) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement message in list.EnumerateArray())
            {
                AddMessage(messages, message);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object && (element.TryGetProperty("prompt", out JsonElement prompt) || element.TryGetProperty("text", out prompt)) && prompt.ValueKind == JsonValueKind.String)
        {
            messages.Add(Message("user", prompt));
        }

        // An answer at the end is what the model is to write.
        while (messages.Count > 0 && messages[^1].Role == "assistant")
        {
            messages.RemoveAt(messages.Count - 1);
        }

        if (messages.Count == 0)
        {
            throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"has no text in prompt {number}; a prompt is text, or a JSON object with messages, conversations or prompt"));
        }

        _prompts.Add(messages);
    }

    private static void AddMessage(List<PromptMessage> messages, JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object
            || !(message.TryGetProperty("role", out JsonElement role) || message.TryGetProperty("from", out role)) || role.ValueKind != JsonValueKind.String
            || !(message.TryGetProperty("content", out JsonElement content) || message.TryGetProperty("value", out content)) || content.ValueKind != JsonValueKind.String)
        {
            return;
        }

        messages.Add(Message(role.GetString() switch { "human" => "user", "gpt" => "assistant", string other => other, _ => "user" }, content));
    }

    private static PromptMessage Message(string role, JsonElement content) => new(role, Encoding.UTF8.GetBytes(content.GetString()!));
}
