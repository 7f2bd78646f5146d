using System.Globalization;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>All processes of one started engine: its session, its descendants, and whatever carries its mark.</summary>
/// <remarks>
/// Engines start helpers, and helpers may leave the session or outlive the engine and keep its GPU memory. The mark, a variable
/// that only this engine's processes inherit, finds the ones that the session and the family tree do not.
/// </remarks>
/// <param name="leader">The engine; null when only the mark is known.</param>
/// <param name="mark">The value, or the beginning of the value, of <see cref="MarkVariable"/>.</param>
internal sealed class EngineGroup(ProcessIdentity? leader, string mark)
{
    /// <summary>The variable that marks an engine's processes.</summary>
    public const string MarkVariable = "LLMOPS_SERVER_INSTANCE";

    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_killPatience = TimeSpan.FromSeconds(5);
    private readonly ProcessMark _mark = new(MarkVariable, mark, WholeValue: false);

    /// <summary>The mark of one start: its folder, then the instance. The folder with <c>#</c> is the mark of all its starts.</summary>
    public static string Mark(ServerFolder folder, string instance = "") => $"{folder.Path}#{instance}";

    /// <summary>The processes that live now.</summary>
    public IReadOnlyList<ProcessIdentity> FindMembers()
    {
        ProcessStatus[] all = ReadAll();
        List<int> members = [];
        bool sessionIsOurs = leader is { IsFromEarlierBoot: false }
            // An id is not given away while a session has it: another process with the id means that the session is over.
            && (IndexOf(all, leader.Pid) is not { } holder || all[holder].StartTicks == leader.StartTicks);
        foreach (ProcessStatus status in all)
        {
            if (!status.IsDead && ((sessionIsOurs && (status.SessionId == leader!.Pid || status.Pid == leader.Pid)) || _mark.IsOn(status.Pid)))
            {
                members.Add(status.Pid);
            }
        }

        for (bool grew = members.Count > 0; grew;)
        {
            grew = false;
            foreach (ProcessStatus status in all)
            {
                if (!status.IsDead && members.Contains(status.ParentPid) && !members.Contains(status.Pid))
                {
                    members.Add(status.Pid);
                    grew = true;
                }
            }
        }

        List<ProcessIdentity> found = [];
        foreach (ProcessStatus status in all)
        {
            if (members.Contains(status.Pid) && status.Pid != Environment.ProcessId)
            {
                found.Add(new ProcessIdentity(status.Pid, status.StartTicks, ProcessIdentity.CurrentBootId));
            }
        }

        found.Sort((one, other) => one.Pid.CompareTo(other.Pid));
        return found;
    }

    // An array: collections of a structure of ours have to be compiled when first used, which takes longer than the look itself.
    private static ProcessStatus[] ReadAll()
    {
        ProcessStatus[] all = new ProcessStatus[512];
        int count = 0;
        foreach (ProcessStatus status in ProcessStatus.ReadAll())
        {
            if (count == all.Length)
            {
                Array.Resize(ref all, count * 2);
            }

            all[count++] = status;
        }

        Array.Resize(ref all, count);
        return all;
    }

    private static int? IndexOf(ProcessStatus[] all, int pid)
    {
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].Pid == pid)
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>Asks the engine to end, waits, then ends it and everything that is left of it for certain.</summary>
    /// <param name="grace">How long it may take to end by itself.</param>
    /// <param name="hurry">Cancelled to skip the rest of the grace. The stop itself is never abandoned half way.</param>
    /// <exception cref="LlmOpsException">Something could not be ended; id <c>ServerNotStopped</c>.</exception>
    public async Task StopAsync(TimeSpan grace, CancellationToken hurry)
    {
        long started = Environment.TickCount64;
        if (grace > TimeSpan.Zero && !hurry.IsCancellationRequested && Ask())
        {
            await WaitWhileAsync(() => leader!.IsAlive, grace, hurry).ConfigureAwait(false);

            // Helpers were asked too, as members of the group; an engine that ended in time has usually told them to end.
            TimeSpan left = grace - TimeSpan.FromMilliseconds(Environment.TickCount64 - started);
            TimeSpan helpers = left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
            await WaitWhileAsync(() => FindMembers().Count > 0, helpers, hurry).ConfigureAwait(false);
        }

        await SweepAsync().ConfigureAwait(false);
    }

    /// <summary>Ends every process that is left, for certain.</summary>
    /// <exception cref="LlmOpsException">Something could not be ended; id <c>ServerNotStopped</c>.</exception>
    public async Task SweepAsync()
    {
        // Whoever was found once is waited for: while the last threads of a killed process end, it holds its port and shows its mark no more.
        HashSet<ProcessIdentity> left = [];
        await WaitWhileAsync(
            () =>
            {
                left.UnionWith(FindMembers());
                left.RemoveWhere(member => !member.Signal(LibcKill.Kill));
                return left.Count > 0;
            },
            s_killPatience,
            CancellationToken.None).ConfigureAwait(false);
        left.RemoveWhere(member => !member.IsAlive);
        left.UnionWith(FindMembers());
        if (left is { Count: > 0 } stuck)
        {
            throw new LlmOpsException(
                $"Process {string.Join(", ", stuck.OrderBy(member => member.Pid))} did not end within {s_killPatience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s of SIGKILL; "
                + "it is probably waiting for a driver or a disk and will end when that answers.",
                "ServerNotStopped") { Kind = ErrorKind.ServerFailed };
        }
    }

    private bool Ask()
    {
        if (leader is null || ProcessStatus.Read(leader.Pid) is not { } status)
        {
            return false;
        }

        return status.GroupId == leader.Pid ? leader.SignalGroup(LibcKill.Terminate) : leader.Signal(LibcKill.Terminate);
    }

    private static async Task WaitWhileAsync(Func<bool> condition, TimeSpan limit, CancellationToken hurry)
    {
        long deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (condition() && Environment.TickCount64 < deadline && !hurry.IsCancellationRequested)
        {
            await Task.Delay(s_poll, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
