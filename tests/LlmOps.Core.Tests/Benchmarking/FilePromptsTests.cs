using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class FilePromptsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Each_line_is_a_prompt_in_whichever_form_it_has()
    {
        FilePrompts prompts = Load(isConversation: false,
            """{"messages":[{"role":"system","content":"be short"},{"role":"user","content":"hé"},{"role":"assistant","content":"the wanted answer"}]}""",
            "",
            """{"conversations":[{"from":"human","value":"share"},{"from":"gpt","value":"x"},{"from":"human","value":"gpt"}]}""",
            """{"prompt":"plain object"}""",
            "\"a \\\"string\\\"\"",
            "  a line of text  ");
        Assert.Equal("system:be short|user:hé", Turn(prompts, 0, 1));
        Assert.Equal("user:share|assistant:x|user:gpt", Turn(prompts, 1, 1));
        Assert.Equal("user:plain object", Turn(prompts, 2, 1));
        Assert.Equal("user:a \"string\"", Turn(prompts, 3, 1));
        Assert.Equal("user:a line of text", Turn(prompts, 4, 1));
        Assert.Equal("system:be short|user:hé", Turn(prompts, 5, 1));
        Assert.Equal($"5 prompts of {Path.GetFileName(_file)}", prompts.Kind);
    }

    [Fact]
    public void An_array_holds_prompts_too() =>
        Assert.Equal("user:two", Turn(Load(isConversation: false, "[\"one\",", """{"messages":[{"role":"user","content":"two"}]}]"""), 1, 1));

    [Fact]
    public void The_turns_of_a_conversation_leave_the_answers_to_the_server()
    {
        FilePrompts prompts = Load(isConversation: true, """{"conversations":[{"from":"system","value":"s"},{"from":"human","value":"1"},{"from":"gpt","value":"x"},{"from":"human","value":"2"}]}""");
        Assert.Equal(("system:s|user:1", "user:2", ""), (Turn(prompts, 0, 1), Turn(prompts, 0, 2), Turn(prompts, 0, 3)));
    }

    [Theory]
    [InlineData("", "holds no prompt")]
    [InlineData("ok\n{\"messages\":[}", "has no valid JSON in line 2")]
    [InlineData("{\"messages\":[]}", "has no text in prompt 1")]
    [InlineData("{\"question\":\"?\"}", "has no text in prompt 1")]
    public void A_file_that_is_none_is_named_with_the_line(string text, string problem)
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Load(isConversation: false, text));
        Assert.Equal("PromptFileInvalid", error.ErrorId);
        Assert.Contains($"'{_file}' {problem}", error.Message, StringComparison.Ordinal);
    }

    private static string Turn(FilePrompts prompts, long number, int turn) =>
        string.Join('|', prompts.Turn(number, turn).Select(message => $"{message.Role}:{Encoding.UTF8.GetString(message.Content.Span)}"));

    private FilePrompts Load(bool isConversation, params string[] lines)
    {
        File.WriteAllLines(_file, lines);
        return FilePrompts.Load(_file, isConversation);
    }
}
