using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Processes;

namespace LlmOps.Servers.Docker;

/// <summary>What the engines in images accept, read from the images themselves and remembered by their ids.</summary>
internal sealed class ImageEngines(ContainerProgram program, string cacheFolder)
{
    private readonly CapabilityCache _cache = new(Path.Combine(cacheFolder, "capabilities"));

    /// <summary>The engine in <paramref name="image"/>; null when the image is not on this machine. Nothing is pulled.</summary>
    /// <exception cref="LlmOpsException">The image runs no llama-server.</exception>
    public async Task<EngineCapabilities?> FindAsync(string image, CancellationToken cancellationToken)
    {
        ProcessResult inspected = await program.TryAsync(["image", "inspect", "--format", "{{.Id}}", image], null, cancellationToken).ConfigureAwait(false);
        string id = inspected.StandardOutput.Trim();
        if (inspected.ExitCode != 0 || id.Length == 0)
        {
            return ContainerProgram.Said(inspected).Contains("no such image", StringComparison.OrdinalIgnoreCase) || ContainerProgram.Said(inspected).Contains("not known", StringComparison.OrdinalIgnoreCase)
                ? null
                : throw program.Failed("image inspect", inspected);
        }

        if (KnownEngines.All.Select(engine => engine.ReadImage(image)).FirstOrDefault(named => named is not null) is { } byName)
        {
            return byName;
        }

        if (_cache.ReadImage(id) is { } known)
        {
            return known with { Path = image };
        }

        // Without a network, and gone afterwards: it only has to print.
        ProcessRequest command = new(program.Path, ["run", "--rm", "--network", "none", image]);
        EngineCapabilities read = await CapabilityReader.ReadAsync(image, command, cancellationToken).ConfigureAwait(false);
        _cache.WriteImage(id, read);
        return read;
    }

    /// <summary>The engine in <paramref name="image"/>, which is pulled when it is not here.</summary>
    public async Task<EngineCapabilities> ObtainAsync(string image, CancellationToken cancellationToken)
    {
        if (await FindAsync(image, cancellationToken).ConfigureAwait(false) is { } here)
        {
            return here;
        }

        ProcessResult pulled = await program.TryAsync(["pull", image], Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        if (pulled.ExitCode != 0)
        {
            throw new LlmOpsException(
                $"The image '{image}' is not on this machine and could not be pulled: {ContainerProgram.Said(pulled)}; correct 'image' in the configuration, or get it by hand: {Path.GetFileName(program.Path)} pull {image}", "ImageNotFound")
            { Kind = ErrorKind.NotFound };
        }

        return await FindAsync(image, cancellationToken).ConfigureAwait(false)
            ?? throw new LlmOpsException($"The image '{image}' was pulled but is not there; see '{program.Path} images'.", "ImageNotFound") { Kind = ErrorKind.NotFound };
    }
}
