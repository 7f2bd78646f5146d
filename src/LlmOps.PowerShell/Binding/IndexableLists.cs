using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;

namespace LlmOps.Binding;

/// <summary>Makes the lists of objects on their way out indexable: <c>$topology.Gpus[0]</c>.</summary>
/// <remarks>
/// What the C# compiler makes of <c>[.. items]</c> for an <see cref="IReadOnlyList{T}"/> implements its indexer explicitly, and PowerShell
/// then answers <c>$list[0]</c> with the whole list. Such lists are replaced by arrays of the same items.
/// </remarks>
internal static class IndexableLists
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> s_properties = new();

    /// <summary>The same object, or an array of the same items, with every list in it indexable.</summary>
    public static object? In(object? item)
    {
        object? indexable = item is IEnumerable list && IsCompilerMade(list.GetType()) ? ToArray(list) : item;
        Visit(indexable);
        return indexable;
    }

    private static void Visit(object? item)
    {
        if (item is IEnumerable items and not string)
        {
            foreach (object? element in items)
            {
                Visit(element);
            }
        }
        else if (item is not null and not Exception && IsOurs(item.GetType()))
        {
            foreach (PropertyInfo property in s_properties.GetOrAdd(item.GetType(), WritableProperties))
            {
                VisitProperty(item, property);
            }
        }
    }

    private static void VisitProperty(object item, PropertyInfo property)
    {
        object? value = property.GetValue(item);
        object? indexable = In(value);
        if (!ReferenceEquals(value, indexable))
        {
            property.SetValue(item, indexable);
        }
    }

    private static PropertyInfo[] WritableProperties(Type type) =>
        [.. type.GetProperties().Where(property => property.CanWrite && property.GetIndexParameters().Length == 0 && MayHoldList(property.PropertyType))];

    private static bool MayHoldList(Type type) => typeof(IEnumerable).IsAssignableFrom(type) ? type != typeof(string) : IsOurs(type) && !type.IsEnum;

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("LlmOps", StringComparison.Ordinal) == true;

    private static bool IsCompilerMade(Type type) => type.IsGenericType && type.Name.StartsWith("<>z__ReadOnly", StringComparison.Ordinal);

    private static Array ToArray(IEnumerable list)
    {
        ICollection items = (ICollection)list;
        Array array = Array.CreateInstance(list.GetType().GetGenericArguments()[0], items.Count);
        items.CopyTo(array, 0);
        return array;
    }
}
