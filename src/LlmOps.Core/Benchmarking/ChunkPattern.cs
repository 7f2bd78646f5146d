using System.Runtime.CompilerServices;
using LlmOps.Benchmarking.Transport;

namespace LlmOps.Benchmarking;

/// <summary>Knows a chunk that differs from the last one only in its text, which nearly all do, without reading its JSON again.</summary>
/// <remarks>What stands before and behind the text must be the same to the byte, so nothing else can have changed: no end, no usage, no error.</remarks>
internal struct ChunkPattern
{
    private byte[]? _chunk;
    private int _length;
    private int _start;
    private int _end;

    /// <summary>Whether this is the known chunk with another text, which is not empty.</summary>
    public readonly bool Matches(ReadOnlySpan<byte> json)
    {
        int behind = _length - _end;
        if (_length == 0 || json.Length <= _start + behind)
        {
            return false;
        }

        int end = json.Length - behind;
        return json[.._start].SequenceEqual(_chunk.AsSpan(0, _start))
            && json[end..].SequenceEqual(_chunk.AsSpan(_end, behind))
            && IsText(json[_start..end]);
    }

    /// <summary>It is compared soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void FetchAhead()
    {
        for (int at = 0; at < _length; at += 64)
        {
            Prefetch.Element(_chunk, at);
        }
    }

    /// <summary>Learns a chunk that was read.</summary>
    public void Learn(ReadOnlySpan<byte> json, in ChatChunk chunk)
    {
        // Behind a line end there may be another field of the event.
        bool isPlain = !json.Contains((byte)'\n') && chunk is { HasOutput: true, ContentStart: > 0, HasFinishReason: false, IsError: false, Usage: null, Timings: null };
        _length = isPlain ? json.Length : 0;
        if (!isPlain)
        {
            return;
        }

        if (_chunk is null || _chunk.Length < json.Length)
        {
            _chunk = new byte[json.Length + 64];
        }

        json.CopyTo(_chunk);
        (_start, _end) = (chunk.ContentStart, chunk.ContentStart + chunk.ContentLength);
    }

    /// <summary>Whether the bytes are the inside of one JSON string: no quote and no control character; an escape is left to the reader.</summary>
    private static bool IsText(ReadOnlySpan<byte> bytes) => bytes.IndexOfAny((byte)'"', (byte)'\\') < 0 && !bytes.ContainsAnyInRange((byte)0, (byte)31);
}
