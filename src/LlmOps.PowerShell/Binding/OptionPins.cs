using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Turns the hashtable of <c>-Option</c> into pins: <c>@{ 'ctx-size' = 4096; 'tensor-split' = 1, 1 }</c>.</summary>
internal static class OptionPins
{
    /// <summary>Pins by the engine's long flag name without dashes; numbers in the invariant culture, lists joined by commas.</summary>
    /// <exception cref="LlmOpsException"><c>OptionNotUsable</c>: a name is given twice or a value is missing.</exception>
    public static IReadOnlyDictionary<string, string> Of(IDictionary? options)
    {
        Dictionary<string, string> pins = new(StringComparer.Ordinal);
        foreach (DictionaryEntry option in options ?? new Hashtable())
        {
            string name = TextOf(option.Key).TrimStart('-');
            if (!pins.TryAdd(name, TextOf(option.Value)))
            {
                throw new LlmOpsException($"-Option names '{name}' twice; give it once.", "OptionNotUsable");
            }
        }

        return pins;
    }

    /// <summary>A value as the engine writes it.</summary>
    public static string TextOf(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        null => throw new LlmOpsException("-Option has a name without a value; give $true or $false for a switch.", "OptionNotUsable"),
        string text => text,
        bool on => on ? "true" : "false",
        SwitchParameter on => on ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => string.Join(',', list.Cast<object?>().Select(TextOf)),
        object other => other.ToString() ?? string.Empty,
    };
}
