namespace LlmOps.Hardware.Machine;

/// <summary>Walks the lines of a kernel table, which end in a line feed alone.</summary>
/// <remarks>Not <see cref="MemoryExtensions.EnumerateLines(ReadOnlySpan{char})"/>: it searches for all kinds of line ends with code that is compiled as it runs, some milliseconds at each start.</remarks>
internal ref struct TextLines(string text)
{
    private ReadOnlySpan<char> _rest = text;
    private bool _isDone;

    public ReadOnlySpan<char> Current { get; private set; }

    public readonly TextLines GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_isDone)
        {
            return false;
        }

        int end = _rest.IndexOf('\n');
        _isDone = end < 0;
        Current = _isDone ? _rest : _rest[..end];
        _rest = _isDone ? default : _rest[(end + 1)..];
        return true;
    }
}
