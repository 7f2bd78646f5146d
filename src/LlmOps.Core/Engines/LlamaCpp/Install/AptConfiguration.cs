namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>The apt.conf(5) texts that keep an apt-get run inside a folder.</summary>
internal static class AptConfiguration
{
    /// <summary>Lists, cache, status and logs in <paramref name="folder"/>; no hooks; no unsigned index, whatever the machine allows.</summary>
    public static string Private(string folder, string architecture) =>
        $$"""
        Dir::State "{{folder}}/state";
        Dir::State::status "{{folder}}/status";
        Dir::State::extended_states "{{folder}}/extended_states";
        Dir::Cache "{{folder}}";
        Dir::Cache::archives "{{folder}}/archives";
        Dir::Cache::pkgcache "pkgcache.bin";
        Dir::Cache::srcpkgcache "";
        Dir::Log "{{folder}}";
        Dir::Etc::preferences "/dev/null";
        Dir::Etc::preferencesparts "/dev/null";
        APT::Architecture "{{architecture}}";
        #clear APT::Architectures;
        APT::Architectures { "{{architecture}}"; };
        #clear APT::Default-Release;
        APT::Sandbox::User "root";
        Debug::NoLocking "true";
        Acquire::Languages "none";
        Acquire::Retries "2";
        Acquire::http::Timeout "30";
        Acquire::https::Timeout "30";
        APT::Get::AllowUnauthenticated "false";
        Acquire::AllowInsecureRepositories "false";
        Acquire::AllowWeakRepositories "false";
        Acquire::AllowDowngradeToInsecureRepositories "false";
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;

        """;

    /// <summary>One file of sources and one keyring instead of the machine's.</summary>
    public static string Sources(string sourceList, string keyring) =>
        $$"""
        Dir::Etc::sourcelist "{{sourceList}}";
        Dir::Etc::sourceparts "/dev/null";
        Dir::Etc::trusted "{{keyring}}";
        Dir::Etc::trustedparts "/dev/null";

        """;
}
