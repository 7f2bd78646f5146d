using System.Diagnostics;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What reading small parts of large files showed.</summary>
/// <param name="Cached">Samples that came out of the page cache.</param>
/// <param name="Read">Samples that were read.</param>
/// <param name="DiskBytesPerSecond">How fast the others came; null when there were none.</param>
internal sealed record FileSamples(int Cached, int Read, double? DiskBytesPerSecond)
{
    // What memory gives and disks do not: a sample as quick as this came out of the page cache.
    private const double CacheBytesPerSecond = 3e9;
    private const int SampleBytes = 1 << 20;
    private const int MostSamples = 24;

    /// <summary>Reads samples for a second at most, spread over all files, so that one that was just downloaded does not stand for the others.</summary>
    public static FileSamples Take(IReadOnlyList<string> paths)
    {
        (int cached, int read, double diskSeconds) = (0, 0, 0);
        byte[] buffer = new byte[SampleBytes];
        long until = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
        for (int at = 0; at < MostSamples && (Stopwatch.GetTimestamp() < until || read == 0); at++)
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(paths[at % paths.Count], options: FileOptions.RandomAccess);
            long length = RandomAccess.GetLength(file);
            if (length < 2L * SampleBytes)
            {
                continue;
            }

            // By the golden ratio: evenly spread for any number of samples, and never where an earlier one read ahead.
            long offset = (long)((length - SampleBytes) * (((at + 1) * 0.6180339887498949) % 1.0)) & ~4095L;
            long start = Stopwatch.GetTimestamp();
            int got = RandomAccess.Read(file, buffer, offset);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            bool isCached = got / Math.Max(seconds, 1e-9) > CacheBytesPerSecond;
            (cached, read, diskSeconds) = (cached + (isCached ? 1 : 0), read + 1, diskSeconds + (isCached ? 0 : seconds));
        }

        return new FileSamples(cached, read, cached == read ? null : (read - cached) * (double)SampleBytes / diskSeconds);
    }
}
