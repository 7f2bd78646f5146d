using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Limits of users and processes.</summary>
internal static class LimitChecks
{
    private const long EnoughFiles = 1024;

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("limits.open-files", "enough files may be open", OpenFiles),
        Check.OfFacts("limits.memlock", "the weights may be locked in memory when the configuration wants that", MemoryLock),
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
}
