using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class ExitStatusTests
{
    [Theory]
    [InlineData(0, "exit code 0")]
    [InlineData(1, "exit code 1")]
    [InlineData(127, "exit code 127")]
    [InlineData(128, "exit code 128")]
    [InlineData(134, "signal SIGABRT")]
    [InlineData(137, "signal SIGKILL")]
    [InlineData(139, "signal SIGSEGV")]
    [InlineData(143, "signal SIGTERM")]
    [InlineData(255, "exit code 255")]
    public void Codes_above_128_are_signals(int code, string text) => Assert.Equal(text, ExitStatus.FromExitCode(code).ToString());
}
