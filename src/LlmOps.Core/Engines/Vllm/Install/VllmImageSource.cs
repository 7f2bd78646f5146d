using LlmOps.Engines.Install;

namespace LlmOps.Engines.Vllm.Install;

/// <summary>vLLM's own image.</summary>
internal sealed class VllmImageSource : ImageSource
{
    /// <inheritdoc/>
    public override string Engine => VllmOptions.Table.Engine;

    /// <inheritdoc/>
    public override bool Has(EngineBackend backend) => backend == EngineBackend.Cuda && HasImages;

    /// <inheritdoc/>
    protected override string OwnImage(InstallContext context) => $"{VllmImages.Repository}:v{VllmChoice.Version(context).Version}";

    /// <inheritdoc/>
    protected override IEnumerable<string> Reasons(InstallContext context) => [VllmChoice.Version(context).Reason];
}
