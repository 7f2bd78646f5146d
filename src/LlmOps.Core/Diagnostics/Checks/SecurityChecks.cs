using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Logs;

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
        Check.OfFacts("security.secret-in-arguments", "the configuration shows no secret to everybody", Secrets),
        Check.OfFiles("security.root", "a server that others can reach does not run as root", Root),
        Check.OfFacts("security.model-code", "no code that comes with the model is run", ModelCode),
        Check.OfFacts("security.model-writable", "only its owner can change the model", ModelWritable),
    ];

    private static Finding Exposure(CheckScope scope) =>
        scope.Config is not { } config ? Finding.Skip("no configuration was given")
        : config.Endpoint.IsLoopback ? Finding.Pass("only this machine can connect")
        : config.Endpoint.ApiKeyFile is not null ? Finding.Pass("others can connect, with a key")
        : Finding.Fail("others can connect without a key", config.Endpoint.Host, "whoever reaches the port uses the GPUs and reads what others ask; starting is refused unless it is forced", "name an API key file (-ApiKeyFile, --api-key-file; endpoint.apiKeyFile in the file), or listen on 127.0.0.1");

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

    private static Finding Secrets(CheckScope scope)
    {
        if (scope.Config is not { } config)
        {
            return Finding.Skip("no configuration was given");
        }

        string? flag = config.ExtraArguments.Select(argument => argument.Split('=')[0]).FirstOrDefault(argument => argument is "--api-key" or "--hf-token" or "-hft");
        string? variable = config.Environment.Keys.FirstOrDefault(SecretMask.IsSecretName);
        return flag is null && variable is null ? Finding.Pass("the configuration shows no secret")
            : Finding.Fail(
                "the configuration shows a secret", flag is not null ? $"{flag} among its extra arguments" : $"{variable} among its variables",
                flag is not null ? "every user of the machine can read arguments in the process list; starting is refused" : "the configuration is stored, and with it the secret; starting is refused", "put it into a file (endpoint.apiKeyFile), or set it in the environment of the shell that starts the server");
    }

    private static Finding Root(CheckScope scope, SystemFiles files) =>
        scope.Config is not { } config || config.Endpoint.IsLoopback || config.Runtime != RuntimeNames.Process ? Finding.Skip("no configuration of a process that others are to reach")
        : !(files.ReadText("/proc/self/status") ?? string.Empty).Contains("Uid:\t0\t", StringComparison.Ordinal) ? Finding.Pass("the server does not run as root")
        : scope.Host.IsContainer ? Finding.Pass("root of a container")
        : Finding.Warn("a server that others can reach would run as root", config.Endpoint.Host, "engines read whatever clients send, images and templates included: an error in them then gives away the machine", "start it as another user, or as a container or a unit with User=");

    private static Finding ModelCode(CheckScope scope) =>
        scope.Config is not { Engine: EngineNames.Vllm } config ? Finding.Skip("no configuration for vLLM")
        : config.Options[VllmOptions.TrustRemoteCode.Name] is not true && !config.ExtraArguments.Contains("--trust-remote-code") ? Finding.Pass("no code that comes with the model is run")
        : Finding.Warn("code that comes with the model is run", "trustRemoteCode is on", "Python files in the model's folder do what they like with this user's rights", "read them, and leave it off where vLLM knows the model by itself (most do by now)");

    private static Finding ModelWritable(CheckScope scope)
    {
        if (scope.Model is not { } model || OperatingSystem.IsWindows() || model.Files.Count == 0 || !model.Files.All(File.Exists))
        {
            return Finding.Skip(scope.Model is null ? scope.NoModel : "the model's files are not here");
        }

        string[] open = [.. model.Files.Where(file => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & UnixFileMode.OtherWrite) != 0)];
        return open.Length == 0 ? Finding.Pass("only its owner can change the model")
            : Finding.Warn("every user of this machine can change the model", string.Join(", ", open.Take(3)), "a file that is changed while it is mapped makes answers wrong or ends the server, and a template in it is run", new Remedy("take that right away", new RemedyCommand(["chmod", "o-w", .. open]) { Safe = true, Undo = ["chmod", "o+w", .. open] }));
    }
}
