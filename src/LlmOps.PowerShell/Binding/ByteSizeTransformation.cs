using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Lets a size be given as text with a unit, <c>'24 GiB'</c> or <c>$env:SIZE</c>, where PowerShell reads only the literal <c>24GB</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ByteSizeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not string text ? inputData
        : Bytes.TryParse(text, out long bytes) ? bytes
        : throw new ArgumentTransformationMetadataException($"'{text}' is no size; give bytes, or a number with a unit such as 24GB or '24 GiB'.");
}
