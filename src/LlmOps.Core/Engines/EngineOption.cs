using System.Globalization;

namespace LlmOps.Engines;

/// <summary>One row of an engine's option table: an intent, the values it takes, and how versions of the engine spell it.</summary>
public abstract class EngineOption
{
    private protected EngineOption(string name) => Name = name;

    /// <summary>The name in configurations, camelCase: <c>contextLength</c>.</summary>
    public string Name { get; }

    /// <summary>The engine's long flag names that mean this option, without dashes: <c>ctx-size</c>. Any of them pins it.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>What it sets and its unit, in one sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Turns the intent into arguments that the binary at hand accepts.</summary>
    internal OptionRenderer Renderer { get; init; } = new ValueRenderer();

    /// <summary>The values it takes, for messages: <c>a whole number from 1 to 256</c>.</summary>
    public abstract string Expectation { get; }

    /// <summary>Checks and converts a value from a file or a command line.</summary>
    /// <param name="text">The value as text.</param>
    /// <param name="value">The value in the option's own type.</param>
    /// <returns>False when the text is no such value.</returns>
    public abstract bool TryParse(string text, out object value);

    /// <summary>The value as an engine and a file write it.</summary>
    public static string Format(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IReadOnlyList<double> list => string.Join(',', list.Select(Format)),
        double number => Format(number),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private protected static string Format(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}

/// <summary>A row whose values are of type <typeparamref name="T"/>.</summary>
/// <typeparam name="T"><see cref="bool"/>, <see cref="long"/>, <see cref="string"/> or a list of numbers.</typeparam>
public abstract class EngineOption<T> : EngineOption
{
    private protected EngineOption(string name)
        : base(name)
    {
    }
}

/// <summary>A whole number within limits.</summary>
public sealed class NumberOption(string name) : EngineOption<long>(name)
{
    /// <summary>Smallest value.</summary>
    public long Minimum { get; init; }

    /// <summary>Largest value.</summary>
    public long Maximum { get; init; } = int.MaxValue;

    /// <inheritdoc/>
    public override string Expectation => Maximum == int.MaxValue
        ? $"a whole number of at least {Minimum}"
        : $"a whole number from {Minimum} to {Maximum}";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object value)
    {
        bool isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number);
        value = number;
        return isNumber && number >= Minimum && number <= Maximum;
    }
}

/// <summary>A number with decimals within limits.</summary>
public sealed class DecimalOption(string name) : EngineOption<double>(name)
{
    /// <summary>Smallest value.</summary>
    public double Minimum { get; init; }

    /// <summary>Largest value.</summary>
    public double Maximum { get; init; } = double.MaxValue;

    /// <inheritdoc/>
    public override string Expectation => $"a number from {Format(Minimum)} to {Format(Maximum)}";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object value)
    {
        bool isNumber = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        value = number;
        return isNumber && number >= Minimum && number <= Maximum;
    }
}

/// <summary>Yes or no.</summary>
public sealed class SwitchOption(string name) : EngineOption<bool>(name)
{
    /// <inheritdoc/>
    public override string Expectation => "true or false";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object value)
    {
        // A pin without a value (--set jinja) means yes; on and off are what the engine's own help writes.
        bool? parsed = text.ToLowerInvariant() switch
        {
            "" or "true" or "on" or "yes" or "1" => true,
            "false" or "off" or "no" or "0" => false,
            _ => null,
        };
        value = parsed ?? false;
        return parsed is not null;
    }
}

/// <summary>One of a few words.</summary>
public sealed class ChoiceOption(string name) : EngineOption<string>(name)
{
    /// <summary>The words.</summary>
    public required IReadOnlyList<string> Choices { get; init; }

    /// <inheritdoc/>
    public override string Expectation => $"one of {string.Join(", ", Choices)}";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object value)
    {
        value = text;
        return Choices.Contains(text);
    }
}

/// <summary>Any text that is not empty, such as a path.</summary>
public sealed class TextOption(string name) : EngineOption<string>(name)
{
    /// <inheritdoc/>
    public override string Expectation => "a text that is not empty";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object value)
    {
        value = text;
        return text.Length > 0;
    }
}

/// <summary>Numbers separated by commas.</summary>
public sealed class NumberListOption(string name) : EngineOption<IReadOnlyList<double>>(name)
{
    /// <inheritdoc/>
    public override string Expectation => "numbers of at least 0 separated by commas";

    /// <inheritdoc/>
    public override bool TryParse(string text, out object value)
    {
        List<double> numbers = [];
        foreach (string part in text.Split([',', '/']))
        {
            if (!double.TryParse(part, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number))
            {
                value = numbers;
                return false;
            }

            numbers.Add(number);
        }

        value = numbers;
        return numbers.Count > 0;
    }
}
