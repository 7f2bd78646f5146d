namespace LlmOps.Engines;

/// <summary>Engine options by name: an immutable set of intents. Each name is a row of the engine's option table.</summary>
/// <remarks>
/// A value is one of <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/> or a list of numbers
/// (<c>IReadOnlyList&lt;double&gt;</c>). The order is the order of insertion, so that a file reads as it was written.
/// </remarks>
public sealed class OptionSet
{
    private readonly KeyValuePair<string, object>[] _values;

    private OptionSet(KeyValuePair<string, object>[] values) => _values = values;

    /// <summary>No options.</summary>
    public static OptionSet Empty { get; } = new([]);

    /// <summary>The options in order.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Values => _values;

    /// <summary>The value of <paramref name="name"/>; null when it is not set.</summary>
    public object? this[string name]
    {
        get
        {
            int at = IndexOf(name);
            return at < 0 ? null : _values[at].Value;
        }
    }

    /// <summary>The value of <paramref name="option"/>, or its type's default when it is not set.</summary>
    public T? Get<T>(EngineOption<T> option) => this[option.Name] is T value ? value : default;

    /// <summary>Whether <paramref name="name"/> is set.</summary>
    public bool Contains(string name) => IndexOf(name) >= 0;

    /// <summary>The same set with <paramref name="option"/> set to <paramref name="value"/>.</summary>
    public OptionSet With<T>(EngineOption<T> option, T value)
        where T : notnull => With(option.Name, value);

    /// <summary>The same set with <paramref name="name"/> set to <paramref name="value"/>.</summary>
    public OptionSet With(string name, object value)
    {
        int at = IndexOf(name);
        KeyValuePair<string, object> entry = new(name, value);
        KeyValuePair<string, object>[] values = new KeyValuePair<string, object>[at < 0 ? _values.Length + 1 : _values.Length];
        _values.CopyTo(values, 0);
        values[at < 0 ? _values.Length : at] = entry;
        return new OptionSet(values);
    }

    /// <summary>The same set without <paramref name="name"/>.</summary>
    public OptionSet Without(string name)
    {
        int at = IndexOf(name);
        return at < 0 ? this : new OptionSet([.. _values[..at], .. _values[(at + 1)..]]);
    }

    private int IndexOf(string name)
    {
        for (int at = 0; at < _values.Length; at++)
        {
            if (_values[at].Key == name)
            {
                return at;
            }
        }

        return -1;
    }
}
