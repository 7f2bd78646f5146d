using LlmOps.Processes;

namespace LlmOps.Engines.Vllm;

/// <summary>Finds vLLM's container images on this machine. Nothing is pulled or run.</summary>
internal static class VllmImages
{
    /// <summary>vLLM's own image.</summary>
    public const string Repository = "vllm/vllm-openai";

    /// <summary>What stands before an image's name where engines are listed by path.</summary>
    public const string Mark = "docker:";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The images that docker has, as <c>docker:vllm/vllm-openai:v0.21.0</c>; none without a docker that answers.</summary>
    public static async Task<IReadOnlyList<string>> FindAsync(string? pathVariable, CancellationToken cancellationToken)
    {
        if (ExecutableFinder.Find("docker", pathVariable) is not { } docker)
        {
            return [];
        }

        try
        {
            ProcessRequest request = new(docker, ["image", "ls", "--filter", $"reference={Repository}", "--format", "{{.Repository}}:{{.Tag}}"]) { Timeout = Patience };
            ProcessResult result = await ProcessRunner.RunAsync(request, cancellationToken).ConfigureAwait(false);
            return result.ExitCode != 0 ? [] :
            [
                .. result.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    .Where(image => image.StartsWith(Repository + ":", StringComparison.Ordinal) && !image.EndsWith(":<none>", StringComparison.Ordinal))
                    .Select(image => Mark + image),
            ];
        }
        catch (Exception problem) when (problem is ProcessStartException or TimeoutException)
        {
            return []; // A docker that does not answer has no images to offer; the doctor names what is wrong with it.
        }
    }

    /// <summary>What the engine in <paramref name="image"/> accepts, by the version in its tag.</summary>
    public static EngineCapabilities Read(string image)
    {
        VllmVersion? version = VllmVersion.Parse(image.Split(':')[^1]);
        return new EngineCapabilities
        {
            Engine = VllmOptions.Table.Engine,
            Path = image,
            Version = version?.ToString(),
            Flags = version is { } known ? VllmFlags.Of(known) : VllmFlags.OfNewest,
            Python = new PythonEnvironment { Kind = PythonEnvironmentKind.Image, Folder = image, Packages = version is { } v ? new Dictionary<string, string> { ["vllm"] = v.ToString() } : [] },
        };
    }
}
