using System.Text;

namespace LlmOps.Processes;

/// <summary>Reads lines as <see cref="TextReader.ReadLine"/> does, and of one that never ends only its beginning: a program that prints without line ends must not take all memory.</summary>
internal sealed class BoundedLines(TextReader reader, int longest = BoundedLines.Longest)
{
    /// <summary>Letters of a line that are kept unless told otherwise.</summary>
    public const int Longest = 1 << 20;

    private readonly char[] _buffer = new char[4096];
    private readonly StringBuilder _line = new();
    private int _at;
    private int _count;
    private bool _afterReturn;

    /// <summary>The next line without its end; null at the end of the text.</summary>
    public async Task<string?> ReadAsync()
    {
        bool any = false;
        _line.Clear();
        while (true)
        {
            if (_at == _count)
            {
                _at = 0;
                _count = await reader.ReadAsync(_buffer.AsMemory()).ConfigureAwait(false);
                if (_count == 0)
                {
                    return any ? _line.ToString() : null;
                }
            }

            if (_afterReturn)
            {
                _afterReturn = false;
                if (_buffer[_at] == '\n')
                {
                    _at++;
                    continue;
                }
            }

            ReadOnlySpan<char> rest = _buffer.AsSpan(_at, _count - _at);
            int end = rest.IndexOfAny('\r', '\n');
            ReadOnlySpan<char> part = end < 0 ? rest : rest[..end];
            _line.Append(part[..Math.Min(part.Length, longest - _line.Length)]);
            any = true;
            _at += part.Length;
            if (end >= 0)
            {
                _afterReturn = _buffer[_at++] == '\r';
                return _line.ToString();
            }
        }
    }
}
