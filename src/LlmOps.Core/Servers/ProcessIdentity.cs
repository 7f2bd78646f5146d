using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>Which process exactly: an id alone may be given to another process, after a reboot even with the same start ticks.</summary>
/// <param name="Pid">The process id.</param>
/// <param name="StartTicks">When it started: clock ticks since boot on Linux, ticks of the start time elsewhere.</param>
/// <param name="BootId">The boot that it belongs to; empty where the system names none.</param>
public sealed record ProcessIdentity(int Pid, long StartTicks, string BootId)
{
    private static readonly Lazy<string> s_bootId = new(ReadBootId);

    /// <summary>The boot that this process belongs to; empty where the system names none.</summary>
    public static string CurrentBootId => s_bootId.Value;

    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } =
        Of(Environment.ProcessId) ?? throw new InvalidOperationException("This process cannot see itself in /proc.");

    /// <summary>Whether that very process still runs. A zombie does not.</summary>
    public bool IsAlive => Of(Pid) is { } now && now == this;

    /// <summary>Whether it belongs to a boot that is over.</summary>
    public bool IsFromEarlierBoot => BootId != CurrentBootId;

    /// <summary>The identity of the live process that has <paramref name="pid"/> now.</summary>
    /// <returns>Null when there is none, or it is dead.</returns>
    public static ProcessIdentity? Of(int pid)
    {
        if (OperatingSystem.IsLinux())
        {
            return ProcessStatus.Read(pid) is { IsDead: false } status ? new ProcessIdentity(pid, status.StartTicks, CurrentBootId) : null;
        }

        try
        {
            using Process process = Process.GetProcessById(pid);
            return process.HasExited ? null : new ProcessIdentity(pid, process.StartTime.ToUniversalTime().Ticks, CurrentBootId);
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Sends a signal to the process, after another look at whether it is still the same one.</summary>
    /// <returns>False when it is not there any more.</returns>
    internal bool Signal(int signal) => IsAlive && LibcKill.Send(Pid, signal);

    /// <summary>Sends a signal to the group that the process leads, after another look at whether it is still the same one.</summary>
    /// <returns>False when it is not there any more.</returns>
    internal bool SignalGroup(int signal) => IsAlive && LibcKill.Send(-Pid, signal);

    /// <inheritdoc />
    public override string ToString() => Pid.ToString(CultureInfo.InvariantCulture);

    private static string ReadBootId()
    {
        const string File = "/proc/sys/kernel/random/boot_id";
        return System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Trim() : string.Empty;
    }
}
