using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Turns the hashtable of a sweep into values for each option: <c>@{ 'ubatch-size' = 512, 1024; 'flash-attn' = 'on', 'off' }</c>.</summary>
internal static class OptionValues
{
    /// <summary>Values by the engine's long flag names, in the order of the names, or as written in an ordered one.</summary>
    /// <exception cref="LlmOpsException"><c>OptionNotUsable</c>: a name has no value.</exception>
    public static IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Of(IDictionary options)
    {
        List<KeyValuePair<string, IReadOnlyList<string>>> sweep = [];
        foreach (DictionaryEntry option in options)
        {
            object? value = option.Value is PSObject wrapped ? wrapped.BaseObject : option.Value;
            object?[] values = value is IEnumerable list and not string ? [.. list.Cast<object?>()] : [value];
            sweep.Add(new(OptionPins.TextOf(option.Key), [.. values.Select(OptionPins.TextOf)]));
        }

        return options is IOrderedDictionary ? sweep : [.. sweep.OrderBy(option => option.Key, StringComparer.Ordinal)];
    }
}
