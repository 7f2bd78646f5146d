using System.Globalization;
using System.Text;

namespace LlmOps.Hardware;

/// <summary>Writes indented JSON, with the names of <see cref="System.Text.Json.Utf8JsonWriter"/> for what it does.</summary>
/// <remarks>That writer loads three assemblies and builds tables of the letters to escape, which takes longer than a survey. Letters such as ® stay as they are.</remarks>
internal sealed class JsonText
{
    private readonly StringBuilder _text = new(4096);
    private int _depth;
    private bool _hasItems;

    public void WriteStartObject() => Open('{');

    public void WriteStartObject(string name)
    {
        Name(name);
        Push('{');
    }

    public void WriteEndObject() => Close('}');

    public void WriteStartArray(string name)
    {
        Name(name);
        Push('[');
    }

    public void WriteEndArray() => Close(']');

    public void WriteString(string name, string value)
    {
        Name(name);
        Quote(value);
    }

    /// <summary>Writes a time of UTC as <c>2026-11-21T09:00:00Z</c>.</summary>
    public void WriteString(string name, DateTime value) =>
        WriteString(name, value.ToString("O", CultureInfo.InvariantCulture).TrimEnd('Z').TrimEnd('0').TrimEnd('.') + "Z");

    public void WriteStringValue(string value)
    {
        Separate();
        Quote(value);
    }

    public void WriteNumber(string name, long value)
    {
        Name(name);
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
    }

    public void WriteNumber(string name, double value)
    {
        Name(name);
        _text.Append(value.ToString("R", CultureInfo.InvariantCulture));
    }

    public void WriteBoolean(string name, bool value)
    {
        Name(name);
        _text.Append(value ? "true" : "false");
    }

    /// <summary>Writes a text, or nothing for null.</summary>
    public void Text(string name, string? value)
    {
        if (value is not null)
        {
            WriteString(name, value);
        }
    }

    /// <summary>Writes a whole number, or nothing for null.</summary>
    public void Number(string name, long? value)
    {
        if (value is { } number)
        {
            WriteNumber(name, number);
        }
    }

    /// <summary>Writes a number, or nothing for null.</summary>
    public void Fraction(string name, double? value)
    {
        if (value is { } number)
        {
            WriteNumber(name, number);
        }
    }

    /// <summary>Writes a switch, or nothing for null.</summary>
    public void Flag(string name, bool? value)
    {
        if (value is { } flag)
        {
            WriteBoolean(name, flag);
        }
    }

    /// <summary>Writes a list of texts, or nothing for null.</summary>
    public void Texts(string name, IReadOnlyList<string>? values)
    {
        if (values is null)
        {
            return;
        }

        WriteStartArray(name);
        foreach (string value in values)
        {
            WriteStringValue(value);
        }

        WriteEndArray();
    }

    public override string ToString() => _text.ToString();

    private void Open(char bracket)
    {
        if (_depth > 0)
        {
            Separate();
        }

        Push(bracket);
    }

    private void Push(char bracket)
    {
        _text.Append(bracket);
        _depth++;
        _hasItems = false;
    }

    private void Close(char bracket)
    {
        _depth--;
        if (_hasItems)
        {
            NewLine();
        }

        _text.Append(bracket);
        _hasItems = true;
    }

    private void Name(string name)
    {
        Separate();
        Quote(name);
        _text.Append(": ");
    }

    private void Separate()
    {
        if (_hasItems)
        {
            _text.Append(',');
        }

        NewLine();
        _hasItems = true;
    }

    private void NewLine()
    {
        _text.Append('\n');
        for (int level = 0; level < _depth; level++)
        {
            _text.Append("  ");
        }
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (char letter in value)
        {
            if (letter is '"' or '\\')
            {
                _text.Append('\\').Append(letter);
            }
            else if (letter < ' ' || char.IsSurrogate(letter) || letter == '\u007f')
            {
                _text.Append("\\u").Append(((int)letter).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                _text.Append(letter);
            }
        }

        _text.Append('"');
    }
}
