using System.Runtime.InteropServices;
using LlmOps.Processes;

namespace LlmOps.Engines.Install;

/// <summary>A container image, pulled by docker or podman.</summary>
internal abstract class ImageSource : IInstallSource
{
    private const string Mark = "docker:";

    /// <inheritdoc/>
    public abstract string Engine { get; }

    /// <inheritdoc/>
    public InstallSource Source => InstallSource.Docker;

    /// <inheritdoc/>
    public abstract bool Has(EngineBackend backend);

    /// <inheritdoc/>
    public async Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken)
    {
        if (ContainerTool.Find(context.Request.PathVariable) is not { } program)
        {
            return "neither docker nor podman is on PATH";
        }

        string name = Path.GetFileName(program);
        try
        {
            ProcessResult answer = await ProcessRunner.RunAsync(new ProcessRequest(program, ["version", "--format", "{{.Server.Version}}"]) { Timeout = TimeSpan.FromSeconds(10) }, cancellationToken).ConfigureAwait(false);
            if (answer.ExitCode != 0)
            {
                return $"{name} does not answer: {string.Join(' ', answer.StandardError.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}";
            }
        }
        catch (Exception problem) when (problem is ProcessStartException or TimeoutException)
        {
            return $"{name} does not answer: {problem.Message}";
        }

        return await IsHereAsync(program, Image(context), cancellationToken).ConfigureAwait(false) ? null
            : await Reach.WhyNotAsync(Registry(Image(context)), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<EngineInstallPlan> PlanAsync(InstallContext context, CancellationToken cancellationToken)
    {
        string image = Image(context);
        string program = Path.GetFileName(ContainerTool.Find(context.Request.PathVariable)) ?? "docker";
        return Task.FromResult(new EngineInstallPlan
        {
            Engine = Engine,
            Source = Source,
            Backend = context.Backend,
            Version = context.Request.Version,
            Name = context.NameOr($"image-{image.Split('/')[^1].Replace(':', '-')}"),
            Origin = image,
            Steps =
            [
                new InstallStep("Pull the image", [ContainerTool.Find(context.Request.PathVariable) ?? program, "pull", image]),
                new InstallStep("Note the digest that was pulled", [ContainerTool.Find(context.Request.PathVariable) ?? program, "image", "inspect", "--format", "{{.Id}}{{range .RepoDigests}} {{.}}{{end}}", image]),
            ],
            Reasons = context.Request.Image is null ? [.. Reasons(context)] : [],
        });
    }

    /// <inheritdoc/>
    public async Task<EngineInstall> InstallAsync(EngineInstallPlan plan, InstallContext context, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string program = ContainerTool.Find(context.Request.PathVariable)!;
        bool wasHere = await IsHereAsync(program, plan.Origin, cancellationToken).ConfigureAwait(false);
        if (wasHere && !context.Request.Force)
        {
            // What was here before is not ours to remove later.
            throw new LlmOpsException($"the image {plan.Origin} is on this machine already; use it with the runtime docker, or pull it anew with force", "EngineInstallExists") { Kind = ErrorKind.AlreadyExists };
        }

        string inspected;
        try
        {
            inspected = await InstallSteps.RunAsync(plan, Path.Combine(context.Request.StateFolder, "engines", "logs", $"{plan.Name}.log"), progress, cancellationToken).ConfigureAwait(false);
        }
        catch when (!wasHere)
        {
            // An image that no record names could never be removed by its name; where nothing was pulled this finds nothing.
            await ProcessRunner.RunAsync(new ProcessRequest(program, ["image", "rm", plan.Origin]), CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return new EngineInstall
        {
            Name = plan.Name,
            Engine = Engine,
            Version = plan.Version,
            Source = Source,
            Backend = plan.Backend,
            Path = Mark + plan.Origin,
            Origin = plan.Origin,
            Files = inspected.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            InstalledAt = TimeProvider.System.GetUtcNow(),
        };
    }

    /// <summary>The engine's own image for the backend and the version.</summary>
    protected abstract string OwnImage(InstallContext context);

    /// <summary>Why it is this one.</summary>
    protected abstract IEnumerable<string> Reasons(InstallContext context);

    /// <summary>Whether this machine's processor has images of the engines at all.</summary>
    protected static bool HasImages => RuntimeInformation.OSArchitecture is Architecture.X64 or Architecture.Arm64;

    private string Image(InstallContext context) => context.Request.Image ?? OwnImage(context);

    private static async Task<bool> IsHereAsync(string program, string image, CancellationToken cancellationToken) =>
        (await ProcessRunner.RunAsync(new ProcessRequest(program, ["image", "inspect", image]), cancellationToken).ConfigureAwait(false)).ExitCode == 0;

    // A first part with a dot or a port is a registry (distribution/reference); all other names are Docker Hub's.
    private static Uri Registry(string image)
    {
        string first = image.Split('/')[0];
        bool isNamed = image.Contains('/') && (first.AsSpan().ContainsAny('.', ':') || first == "localhost");
        string host = isNamed ? first : "registry-1.docker.io";
        bool isLocal = host.Split(':')[0] is "localhost" or "127.0.0.1";
        return new Uri($"{(isLocal ? "http" : "https")}://{host}/v2/");
    }
}
