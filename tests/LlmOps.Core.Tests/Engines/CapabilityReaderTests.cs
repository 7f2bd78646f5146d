using System.Runtime.Versioning;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Core.Tests.Engines;

[UnsupportedOSPlatform("windows")]
public sealed class CapabilityReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-reader-").FullName;

    [Fact]
    public async Task What_a_strange_program_prints_reaches_no_terminal_as_control_characters()
    {
        string path = Path.Combine(_folder, "llama-server");
        await File.WriteAllTextAsync(path, "#!/bin/sh\nprintf 'hello \\033[2J\\007\\tworld\\n'\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => CapabilityReader.ReadAsync(path, TestContext.Current.CancellationToken));

        Assert.Equal("EngineNotLlamaServer", problem.ErrorId);
        Assert.Contains("hello [2Jworld", problem.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
