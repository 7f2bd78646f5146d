using LlmOps.Engines.Install;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>llama.cpp's own server images.</summary>
internal sealed class LlamaCppImageSource : ImageSource
{
    /// <inheritdoc/>
    public override string Engine => LlamaCppOptions.Table.Engine;

    /// <inheritdoc/>
    public override bool Has(EngineBackend backend) => HasImages;

    /// <inheritdoc/>
    protected override string OwnImage(InstallContext context)
    {
        string image = LlamaCppImages.ByDevice.FirstOrDefault(row => row.Device.Equals(context.Backend.ToString(), StringComparison.OrdinalIgnoreCase)).Image ?? LlamaCppImages.Processor;
        return context.Request.Version is { } version ? $"{image}-{version}" : image;
    }

    /// <inheritdoc/>
    protected override IEnumerable<string> Reasons(InstallContext context) => [$"it is llama.cpp's own image for {context.Backend}; configurations with the runtime docker use it"];
}
