using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LlmOps.Cli;

/// <summary>Options and values that several commands share, each with a message that says what it takes.</summary>
internal static class Options
{
    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print one JSON document and nothing else." };

    /// <summary>An option that takes text.</summary>
    public static Option<string?> Text(string name, string valueName, string description) => new(name) { HelpName = valueName, Description = description };

    /// <summary>An option that takes words, separated by commas or given several times.</summary>
    public static Option<string[]> Words(string name, string valueName, string description) => new(name)
    {
        HelpName = valueName,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
    };

    /// <summary>An option that takes several words of a closed list.</summary>
    public static Option<T[]> Choices<T>(string name, string description)
        where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Select(Dashed)];
        Option<T[]> option = new(name)
        {
            HelpName = string.Join('|', words),
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                List<T> chosen = [];
                foreach (string word in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
                {
                    int at = Array.FindIndex(words, known => known.Equals(word, StringComparison.OrdinalIgnoreCase));
                    if (at < 0)
                    {
                        result.AddError($"{name} takes some of {string.Join(", ", words)}, not '{word}'");
                        return [];
                    }

                    chosen.Add(Enum.Parse<T>(Enum.GetNames<T>()[at]));
                }

                return [.. chosen];
            },
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that takes one word of a closed list.</summary>
    public static Option<T?> Choice<T>(string name, string description)
        where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Select(Dashed)];
        Option<T?> option = new(name)
        {
            HelpName = string.Join('|', words),
            Description = description,
            CustomParser = result =>
            {
                int at = Array.FindIndex(words, word => Bare(word).Equals(Bare(result.Tokens[0].Value), StringComparison.OrdinalIgnoreCase));
                if (at >= 0)
                {
                    return Enum.Parse<T>(Enum.GetNames<T>()[at]);
                }

                result.AddError($"{name} takes one of {string.Join(", ", words)}, not '{result.Tokens[0].Value}'");
                return null;
            },
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that takes a whole number.</summary>
    public static Option<int?> Whole(string name, string valueName, int minimum, int maximum, string description) => new(name)
    {
        HelpName = valueName,
        Description = description,
        CustomParser = result => ParseWhole(result, name, result.Tokens[0].Value, minimum, maximum),
    };

    /// <summary>An option that takes whole numbers separated by commas.</summary>
    public static Option<int[]?> WholeList(string name, string valueName, int minimum, string description) => new(name)
    {
        HelpName = valueName,
        Description = description,
        CustomParser = result =>
        {
            List<int> numbers = [];
            foreach (string part in result.Tokens[0].Value.Split(','))
            {
                if (ParseWhole(result, name, part.Trim(), minimum, int.MaxValue) is not { } number)
                {
                    return null;
                }

                numbers.Add(number);
            }

            return [.. numbers];
        },
    };

    /// <summary>An option that takes a number above 0.</summary>
    public static Option<double?> Number(string name, string valueName, string description) => new(name)
    {
        HelpName = valueName,
        Description = description,
        CustomParser = result => ParseNumber(result, name, result.Tokens[0].Value),
    };

    /// <summary>An option that takes numbers above 0, separated by commas.</summary>
    public static Option<double[]?> NumberList(string name, string valueName, string description) => new(name)
    {
        HelpName = valueName,
        Description = description,
        CustomParser = result =>
        {
            List<double> numbers = [];
            foreach (string part in result.Tokens[0].Value.Split(','))
            {
                if (ParseNumber(result, name, part.Trim()) is not { } number)
                {
                    return null;
                }

                numbers.Add(number);
            }

            return [.. numbers];
        },
    };

    /// <summary>The numbers that were given; null when the option was not.</summary>
    public static double[]? GetList(this ParseResult parsed, Option<double[]?> option) => parsed.GetValue(option) is { Length: > 0 } given ? given : null;

    /// <summary>The numbers that were given; null when the option was not.</summary>
    /// <remarks>The parser's own default for a list is an empty one.</remarks>
    public static int[]? GetList(this ParseResult parsed, Option<int[]?> option) => parsed.GetValue(option) is { Length: > 0 } given ? given : null;

    /// <summary>An option that takes seconds.</summary>
    public static Option<TimeSpan?> Seconds(string name, string description) => new(name)
    {
        HelpName = "SECONDS",
        Description = description,
        CustomParser = result =>
        {
            // A year is as good as for ever, and more would overflow timers.
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
                && seconds is > 0 and < 31_536_000)
            {
                return TimeSpan.FromSeconds(seconds);
            }

            result.AddError($"{name} takes a number of seconds above 0, not '{result.Tokens[0].Value}'");
            return null;
        },
    };

    /// <summary>A name of code as a word of the command line: <c>passed-through</c>, <c>open-ai</c>.</summary>
    public static string Dashed(string name) =>
        string.Concat(name.Select((letter, at) => (at > 0 && char.IsAsciiLetterUpper(letter) && !char.IsAsciiLetterUpper(name[at - 1]) ? "-" : string.Empty) + char.ToLowerInvariant(letter)));

    // People write powershell and openai as one word.
    private static string Bare(string word) => word.Replace("-", string.Empty, StringComparison.Ordinal);

    private static double? ParseNumber(ArgumentResult result, string name, string text)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number is > 0 and < 1e12)
        {
            return number;
        }

        result.AddError($"{name} takes a number above 0, not '{text}'");
        return null;
    }

    private static int? ParseWhole(ArgumentResult result, string name, string text, int minimum, int maximum)
    {
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum)
        {
            return number;
        }

        string limits = maximum == int.MaxValue ? $"of at least {minimum}" : $"from {minimum} to {maximum}";
        result.AddError($"{name} takes a whole number {limits}, not '{text}'");
        return null;
    }
}
