using System.Globalization;
using LlmOps.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Servers;

/// <summary>An engine that runs before its supervisor does: the shell that becomes the supervisor starts it first (<see cref="DetachedLauncher"/>).</summary>
/// <remarks>
/// <c>exec</c> keeps a process's id, its children and its open files. So the supervisor finds itself with a child and with the reading end
/// of its output, and the engine has not waited for .NET to load.
/// </remarks>
internal sealed class AdoptedEngine : EngineProcess
{
    /// <summary>Tells the supervisor its engine's process id.</summary>
    public const string Variable = "LLMOPS_ENGINE";

    /// <summary>The descriptor that the engine's output is read from.</summary>
    public const int Descriptor = 3;

    private readonly FileStream _output = new(new SafeFileHandle(Descriptor, ownsHandle: true), FileAccess.Read, bufferSize: 0);

    private AdoptedEngine(int pid)
        : base(pid)
    {
    }

    /// <inheritdoc />
    public override Stream Output => _output;

    /// <summary>The engine that this process was given; null when it has none, or has taken it already.</summary>
    public static AdoptedEngine? Take()
    {
        string? given = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
        return int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && ProcessStatus.Read(pid) is { } status && status.ParentPid == Environment.ProcessId
            ? new AdoptedEngine(pid)
            : null;
    }

    /// <inheritdoc />
    public override Task<ExitStatus> WaitForExitAsync()
    {
        TaskCompletionSource<ExitStatus> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () => ended.SetResult(LibcWait.ForExit(Identity.Pid) is { } code ? ExitStatus.FromExitCode(code) : new ExitStatus(null, null)), 64 * 1024)
        {
            IsBackground = true,
            Name = "engine exit",
        }.Start();
        return ended.Task;
    }

    /// <inheritdoc />
    public override void Dispose() => _output.Dispose();
}
