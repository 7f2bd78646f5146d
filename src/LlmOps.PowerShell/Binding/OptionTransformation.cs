using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Lets a table of options be given as words, which can be completed: <c>ctx-size=4096, cache-type-k=q8_0</c>.</summary>
/// <remarks>PowerShell takes <c>tensor-split=1,2</c> apart at its comma, so a word without <c>=</c> is a further value of the one before.</remarks>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? input = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return input switch
        {
            IDictionary => input,
            string word => Table([word]),
            IEnumerable words => Table([.. words.Cast<object?>().Select(word => Convert.ToString(word is PSObject item ? item.BaseObject : word, CultureInfo.InvariantCulture) ?? string.Empty)]),
            _ => inputData,
        };
    }

    private static Hashtable Table(IReadOnlyList<string> words)
    {
        List<(string Name, List<string> Values)> options = [];
        foreach (string word in words)
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                options.Add((word[..equals].Trim().TrimStart('-'), [word[(equals + 1)..].Trim()]));
            }
            else if (options.Count > 0)
            {
                options[^1].Values.Add(word.Trim());
            }
            else
            {
                throw new ArgumentTransformationMetadataException($"'{word}' is no option; write NAME=VALUE, such as ctx-size=4096, or a table: @{{ 'ctx-size' = 4096 }}.");
            }
        }

        Hashtable table = new(StringComparer.Ordinal);
        foreach ((string name, List<string> values) in options)
        {
            if (table.ContainsKey(name))
            {
                throw new ArgumentTransformationMetadataException($"'{name}' is given twice; give it once.");
            }

            table[name] = values.Count == 1 ? values[0] : values.ToArray();
        }

        return table;
    }
}
