namespace LlmOps.Planning.Memory;

/// <summary>The offsets that ggml's graph allocator gives: the best fitting hole, else the end of the buffer that grows least.</summary>
/// <remarks>Source of the rule: ggml <c>src/ggml-alloc.c</c> (ggml_dyn_tallocr).</remarks>
/// <param name="chunkBytes">The most bytes of one buffer; what does not fit starts another one.</param>
internal sealed class FreeList(long chunkBytes)
{
    private const long Alignment = 128;

    // The last of as many buffers takes everything that is left (GGML_VBUFFER_MAX_CHUNKS).
    private const int MostChunks = 16;

    private readonly List<Chunk> _chunks = [];

    /// <summary>The most bytes that were in use, holes between them counted.</summary>
    public long Peak => _chunks.Sum(chunk => chunk.Peak);

    public (int Chunk, long Offset) Take(long bytes)
    {
        long size = Align(bytes);
        (int chunk, int hole) = FindHole(size);
        if (hole < 0)
        {
            (chunk, hole) = FindEnd(size);
        }

        if (hole < 0)
        {
            _chunks.Add(new Chunk(_chunks.Count == MostChunks - 1 ? long.MaxValue / 2 : Math.Max(size, chunkBytes)));
            (chunk, hole) = (_chunks.Count - 1, 0);
        }

        return (chunk, _chunks[chunk].Take(hole, size));
    }

    public void Return(int chunk, long offset, long bytes)
    {
        // Nothing is returned too: a hole without size keeps those around it apart, as in the engine.
        _chunks[chunk].Return(offset, Align(bytes));
    }

    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;


    private (int Chunk, int Hole) FindHole(long size)
    {
        (int Chunk, int Hole) best = (-1, -1);
        for (int chunk = 0; chunk < _chunks.Count; chunk++)
        {
            long bestSize = long.MaxValue; // a later chunk with a hole that fits wins, as in the engine
            for (int at = 0; at < _chunks[chunk].Holes.Count - 1; at++)
            {
                long room = _chunks[chunk].Holes[at].Size;
                if (room >= size && room <= bestSize)
                {
                    best = (chunk, at);
                    bestSize = room;
                }
            }
        }

        return best;
    }

    private (int Chunk, int Hole) FindEnd(long size)
    {
        (int Chunk, int Hole) best = (-1, -1);
        long bestReuse = long.MinValue;
        for (int chunk = 0; chunk < _chunks.Count; chunk++)
        {
            if (_chunks[chunk].Holes.Count == 0)
            {
                continue;
            }

            (long offset, long room) = _chunks[chunk].Holes[^1];
            long reuse = _chunks[chunk].Peak - offset - size;
            bool better = (bestReuse < 0 && reuse > bestReuse) || (reuse >= 0 && reuse < bestReuse);
            if (room >= size && better)
            {
                best = (chunk, _chunks[chunk].Holes.Count - 1);
                bestReuse = reuse;
            }
        }

        return best;
    }

    /// <summary>One buffer and its holes in the order of their offsets; the last one reaches to the end.</summary>
    private sealed class Chunk(long bytes)
    {
        public List<(long Offset, long Size)> Holes { get; } = [(0, bytes)];

        public long Peak { get; private set; }

        public long Take(int hole, long size)
        {
            (long offset, long left) = Holes[hole];
            if (left == size)
            {
                Holes.RemoveAt(hole);
            }
            else
            {
                Holes[hole] = (offset + size, left - size);
            }

            Peak = Math.Max(Peak, offset + size);
            return offset;
        }

        // The holes are walked in the engine's order: one without size may lie within another, and then not all that touch are joined.
        public void Return(long offset, long size)
        {
            for (int at = 0; at < Holes.Count; at++)
            {
                (long begin, long room) = Holes[at];
                if (begin + room == offset)
                {
                    Holes[at] = (begin, room + size);
                    Join(at);
                    return;
                }

                if (offset + size == begin)
                {
                    Holes[at] = (offset, size + room);
                    Join(at - 1);
                    return;
                }
            }

            int place = 0;
            while (place < Holes.Count && Holes[place].Offset < offset)
            {
                place++;
            }

            Holes.Insert(place, (offset, size));
        }

        private void Join(int at)
        {
            if (at >= 0 && at + 1 < Holes.Count && Holes[at].Offset + Holes[at].Size == Holes[at + 1].Offset)
            {
                Holes[at] = (Holes[at].Offset, Holes[at].Size + Holes[at + 1].Size);
                Holes.RemoveAt(at + 1);
            }
        }
    }
}
