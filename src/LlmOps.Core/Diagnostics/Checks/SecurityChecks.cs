using LlmOps.Engines;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Exposure and secrets.</summary>
internal static class SecurityChecks
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("security.exposed-without-key", "a server that others can reach has a key", Exposure),
        Check.OfFacts("security.key-file", "the key file is there and private", KeyFile),
    ];

    private static Finding Exposure(CheckScope scope) =>
        scope.Config is not { } config ? Finding.Skip("no configuration was given")
        : config.Endpoint.IsLoopback ? Finding.Pass("only this machine can connect")
        : config.Endpoint.ApiKeyFile is not null ? Finding.Pass("others can connect, with a key")
        : Finding.Fail("others can connect without a key", config.Endpoint.Host, "whoever reaches the port uses the GPUs and reads what others ask; starting is refused unless it is forced", "set endpoint.apiKeyFile, or listen on 127.0.0.1");

    private static Finding KeyFile(CheckScope scope)
    {
        if (scope.Config?.Endpoint.ApiKeyFile is not { } file)
        {
            return Finding.Skip("no key file is configured");
        }

        return !File.Exists(file) || new FileInfo(file).Length == 0
            ? Finding.Fail("the API key file is missing or empty", file, "the server is not started without the key that its configuration names", $"make one: (umask 077; openssl rand -hex 24 > {ShellText.Quote(file)})")
            : !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0
                ? Finding.Fail("others can read the API key file", $"{file} has mode {Convert.ToString((int)File.GetUnixFileMode(file), 8)}", "every user of the machine has the key then; starting is refused",
                    new Remedy("make it private", new RemedyCommand(["chmod", "600", file]) { Safe = true, Undo = ["chmod", Convert.ToString((int)File.GetUnixFileMode(file), 8), file] }))
                : Finding.Pass("the API key file is private", file);
    }
}
