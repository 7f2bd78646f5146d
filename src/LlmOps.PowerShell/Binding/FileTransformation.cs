using System.Collections;
using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Lets an object be given as the file that it was saved in: by path, with wildcards, or as a file of <c>Get-Item</c>.</summary>
/// <param name="endings">How such files end; whatever ends otherwise is left as it is.</param>
[AttributeUsage(AttributeTargets.Property)]
public abstract class FileTransformationAttribute(params string[] endings) : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        ArgumentNullException.ThrowIfNull(engineIntrinsics);
        object? input = Unwrap(inputData);
        if (input is IEnumerable several and not (string or IDictionary))
        {
            object?[] items = [.. several.Cast<object?>()];
            return items.Any(item => PathOf(item) is not null) ? items.SelectMany(item => Read(engineIntrinsics, item)).ToArray() : inputData;
        }

        object?[] read = [.. Read(engineIntrinsics, inputData)];
        return read.Length == 1 ? read[0] : read;
    }

    /// <summary>The objects in a file.</summary>
    /// <exception cref="LlmOpsException">It holds none.</exception>
    protected abstract IEnumerable<object> Read(string file);

    private IEnumerable<object?> Read(EngineIntrinsics engine, object? item)
    {
        if (PathOf(item) is not string path)
        {
            return [item];
        }

        try
        {
            return [.. engine.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out _).SelectMany(Read)];
        }
        catch (Exception failure) when (failure is LlmOpsException or ItemNotFoundException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentTransformationMetadataException(failure.Message, failure);
        }
    }

    private string? PathOf(object? item)
    {
        string? path = Unwrap(item) switch
        {
            string text => text,
            FileInfo file => WildcardPattern.Escape(file.FullName),
            _ => null,
        };
        return path is not null && endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) ? path : null;
    }

    private static object? Unwrap(object? item) => item is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : item;
}
