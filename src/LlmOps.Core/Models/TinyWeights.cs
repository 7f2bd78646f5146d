namespace LlmOps.Models;

/// <summary>Random weights with the same bits on every machine: integer arithmetic and sums, no library functions.</summary>
/// <remarks>
/// One element of the residual stream, the first, is kept constant: embeddings set it, no layer reads or writes it. The output
/// head reads it as a bias, so that the model says printable text only, whatever else is random.
/// </remarks>
internal sealed class TinyWeights(int seed)
{
    private const float Constant = 4;
    private const float Discouraged = -8;

    // Of the logits: the text varies, but is not noise alone.
    private const float HeadDeviation = 1.5f;

    private ulong _state = (ulong)(uint)seed;

    /// <summary>A matrix with values of about ±1/√columns, so that activations keep their size.</summary>
    public float[] Matrix(int columns, int rows)
    {
        float scale = 1 / MathF.Sqrt(columns);
        float[] values = new float[columns * rows];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Next() * scale;
        }

        return values;
    }

    /// <summary>A matrix whose product goes into the residual stream; it leaves the constant alone.</summary>
    public float[] ResidualMatrix(int columns, int rows)
    {
        float[] values = Matrix(columns, rows);
        Array.Clear(values, 0, columns);
        return values;
    }

    /// <summary>A layer's norm, which hides the constant from it.</summary>
    public static float[] LayerNorm(int length)
    {
        float[] values = [.. Enumerable.Repeat(1f, length)];
        values[0] = 0;
        return values;
    }

    /// <summary>One row a token. When the table is the head too, only tokens that may be said have the constant.</summary>
    public float[] Embeddings(int columns, int rows, bool isHead, Func<int, bool> maySay)
    {
        float[] values = new float[columns * rows];

        // As a head, rows of length 1 would make each token predict itself.
        float scale = isHead ? HeadDeviation / MathF.Sqrt(columns) : 1;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % columns != 0 ? Next() * scale : isHead && !maySay(i / columns) ? 0 : Constant;
        }

        return values;
    }

    /// <summary>One row a token; those that may not be said get a logit far below the others.</summary>
    public float[] Head(int columns, int rows, Func<int, bool> maySay)
    {
        float[] values = new float[columns * rows];
        float scale = HeadDeviation / MathF.Sqrt(columns);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % columns != 0 ? Next() * scale : maySay(i / columns) ? 0 : Discouraged;
        }

        return values;
    }

    /// <summary>A value of about normal distribution with deviation 1: the sum of four uniform ones.</summary>
    private float Next()
    {
        // SplitMix64, https://prng.di.unimi.it/splitmix64.c
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;
        int sum = (int)(mixed & 0xFFFF) + (int)((mixed >> 16) & 0xFFFF) + (int)((mixed >> 32) & 0xFFFF) + (int)(mixed >> 48);

        // Four uniform values on [0, 1) have the mean 2 and the variance 1/3.
        return ((sum / 65536f) - 2) * 1.7320508f;
    }
}
