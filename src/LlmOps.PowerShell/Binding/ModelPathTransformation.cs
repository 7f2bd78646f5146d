using System.Management.Automation;
using LlmOps.Models;

namespace LlmOps.Binding;

/// <summary>Lets a model be given as what <c>Get-LlmModel</c> or <c>Get-Item</c> says of it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ModelPathTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            ModelDescription model => model.Path,
            FileSystemInfo file => file.FullName,
            _ => inputData,
        };
}
