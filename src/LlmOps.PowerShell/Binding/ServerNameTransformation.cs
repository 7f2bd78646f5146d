using System.Collections;
using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Lets a server's name be given as the server itself, live or brought back from a job or a remote session.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ServerNameTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? input = inputData is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : inputData;
        return input is IEnumerable several and not string
            ? several.Cast<object?>().Select(NameOf).ToArray()
            : NameOf(inputData);
    }

    private static object? NameOf(object? item) =>
        item is null || (item as PSObject)?.BaseObject is string || item is string
            ? item
            : PSObject.AsPSObject(item).Properties["Name"]?.Value ?? item;
}
