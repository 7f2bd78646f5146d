using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Hardware.Machine;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Limits of users and processes.</summary>
internal static class LimitChecks
{
    private const long EnoughFiles = 1024;
    private const long EnoughThreads = 4096;

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("limits.open-files", "enough files may be open", OpenFiles),
        Check.OfFacts("limits.memlock", "the weights may be locked in memory when the configuration wants that", MemoryLock),
        Check.OfFiles("limits.processes", "this user may start as many threads as engines do", Processes),
        Check.OfFiles("limits.pids", "the control group allows as many threads as engines start", ControlGroupProcesses),
        Check.OfFiles("limits.address-space", "programs may reserve as many addresses as CUDA does", AddressSpace),
        Check.OfFiles("limits.linger", "a user's units outlive the session", Linger),
    ];

    private static Finding OpenFiles(CheckScope scope) => scope.Host.Limits.Nofile switch
    {
        null => Finding.Skip("the limit of open files is not known"),
        >= 0 and < EnoughFiles => Finding.Warn("few files may be open", scope.Host.Limits.Nofile.Value.ToString(CultureInfo.InvariantCulture), "every client connection is one, and so is every part of a model", "raise it before starting a server: 'ulimit -n 65536', LimitNOFILE=65536 in a unit, --ulimit nofile=65536 for docker"),
        { } limit => Finding.Pass("enough files may be open", limit < 0 ? "unlimited" : limit.ToString(CultureInfo.InvariantCulture)),
    };

    private static Finding MemoryLock(CheckScope scope)
    {
        bool wanted = scope.Config?.Options[LlamaCppOptions.MemoryLock.Name] is true;
        long? limit = scope.Host.Limits.MemlockBytes;
        long needed = scope.Config?.Plan?.Host.WeightsBytes ?? scope.Model?.SizeBytes ?? 0;
        return !wanted ? Finding.Skip("no configuration asks to lock memory")
            : scope.Config!.Runtime != RuntimeNames.Process ? Finding.Pass($"the runtime {scope.Config.Runtime} lifts the limit of locked memory")
            : limit is null ? Finding.Skip("the limit of locked memory is not known")
            : limit < 0 || limit >= needed ? Finding.Pass("the weights may be locked in memory", limit < 0 ? "unlimited" : Bytes.Format(limit.Value))
            : Finding.Fail(
                "the weights may not be locked in memory", $"the limit is {Bytes.Format(limit.Value)}, the weights need {Bytes.Format(needed)}", "the engine only warns and goes on without locking, so that weights can be swapped out",
                new Remedy("raise the limit and log in anew ('ulimit -l unlimited' for one shell, docker --ulimit memlock=-1), or set memoryLock: false", RemedyText.WriteFile("/etc/security/limits.d/90-llmops.conf", "* - memlock unlimited\n"))).WithoutBlocking();
    }

    private static Finding Processes(CheckScope scope, SystemFiles files) => LimitsReader.SoftLimit(files.ReadText("/proc/self/limits") ?? string.Empty, "Max processes") switch
    {
        null => Finding.Skip("the limit of processes is not known"),
        >= 0 and < EnoughThreads and var few => Finding.Warn(
            "this user may start few processes and threads", few.ToString(CultureInfo.InvariantCulture), "vLLM, Ray and compilers start hundreds: 'Resource temporarily unavailable', 'can't start new thread'",
            new Remedy("raise the limit and log in anew", RemedyText.WriteFile("/etc/security/limits.d/90-llmops-processes.conf", "* - nproc 65536\n"))),
        { } limit => Finding.Pass("this user may start enough processes", limit < 0 ? "unlimited" : limit.ToString(CultureInfo.InvariantCulture)),
    };

    private static Finding ControlGroupProcesses(CheckScope scope, SystemFiles files)
    {
        foreach (CgroupPlace place in CgroupPlace.Find(files.ReadText("/proc/self/cgroup") ?? string.Empty, MountTable.Read(files)))
        {
            foreach (string folder in place.Folders)
            {
                if (files.ReadNumber($"{folder}/pids.max") is not { } most)
                {
                    continue;
                }

                long used = files.ReadNumber($"{folder}/pids.current") ?? 0;
                return most - used >= EnoughThreads / 4 ? Finding.Pass("the control group allows enough threads", $"{used} of {most}")
                    : Finding.Warn("the control group allows few threads", $"{used} of {most} in {folder}", "vLLM, Ray and compilers start hundreds: 'can't start new thread'", scope.Host.IsContainer ? "start the container with --pids-limit=-1" : "raise TasksMax= of the unit or slice");
            }
        }

        return Finding.Skip("no control group limits threads");
    }

    private static Finding AddressSpace(CheckScope scope, SystemFiles files) => LimitsReader.SoftLimit(files.ReadText("/proc/self/limits") ?? string.Empty, "Max address space") switch
    {
        null => Finding.Skip("the limit of addresses is not known"),
        < 0 => Finding.Pass("programs may reserve as many addresses as they like"),
        { } limit => Finding.Fail("programs may reserve few addresses", Bytes.Format(limit), "CUDA reserves more than all memory together when it starts, and mapped models need addresses of their size: both end with 'out of memory'", "lift it before starting a server: 'ulimit -v unlimited', LimitAS=infinity in a unit"),
    };

    private static Finding Linger(CheckScope scope, SystemFiles files)
    {
        string user = scope.Variable("USER") ?? Environment.UserName;
        return scope.Config?.Runtime != RuntimeNames.Systemd || (scope.Config.Systemd.Scope ?? (user == "root" ? "system" : "user")) != "user" ? Finding.Skip("no configuration runs as a unit of the user")
            : files.Exists($"/var/lib/systemd/linger/{user}") ? Finding.Pass("units of this user outlive the session")
            : Finding.Warn(
                "units of this user end with the session", $"no /var/lib/systemd/linger/{user}", "the server stops when the last login ends, such as an SSH connection",
                new Remedy("let them stay", new RemedyCommand(["loginctl", "enable-linger", user]) { Safe = true, Undo = ["loginctl", "disable-linger", user] }));
    }
}
