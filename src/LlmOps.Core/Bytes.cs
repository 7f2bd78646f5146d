using System.Globalization;

namespace LlmOps;

/// <summary>Sizes in bytes as people write and read them. Values stay plain <see cref="long"/> bytes; only text has units.</summary>
public static class Bytes
{
    /// <summary>Bytes in one KiB.</summary>
    public const long KiB = 1L << 10;

    /// <summary>Bytes in one MiB.</summary>
    public const long MiB = 1L << 20;

    /// <summary>Bytes in one GiB.</summary>
    public const long GiB = 1L << 30;

    /// <summary>Formats a size with a binary unit: <c>512 B</c>, <c>6.5 MiB</c>, <c>23.7 GiB</c>.</summary>
    public static string Format(long bytes)
    {
        long magnitude = Math.Abs(bytes);
        (double scale, string unit) = magnitude switch
        {
            < KiB => (1d, "B"),
            < MiB => (KiB, "KiB"),
            < GiB => (MiB, "MiB"),
            < 1024 * GiB => (GiB, "GiB"),
            _ => (1024d * GiB, "TiB"),
        };
        double value = bytes / scale;
        string format = unit == "B" ? "0" : Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00";
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(format, CultureInfo.InvariantCulture)} {unit}");
    }

    /// <summary>Formats a rate in decimal units, as data sheets of links and memory do: <c>6.3 GB/s</c>, <c>478 GB/s</c>, <c>40.2 MB/s</c>.</summary>
    public static string FormatRate(long bytesPerSecond)
    {
        (double value, string unit) = Math.Abs(bytesPerSecond) switch
        {
            < 1_000_000 => (bytesPerSecond / 1e3, "kB/s"),
            < 1_000_000_000 => (bytesPerSecond / 1e6, "MB/s"),
            _ => (bytesPerSecond / 1e9, "GB/s"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(Math.Abs(value) >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture)} {unit}");
    }

    /// <summary>Reads a size: a plain number of bytes or a number with a unit. <c>GB</c> and <c>GiB</c> both mean 2^30, as in PowerShell.</summary>
    /// <returns>True and the size when <paramref name="text"/> is one.</returns>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        int digits = 0;
        while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
        {
            digits++;
        }

        if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            return false;
        }

        double? scale = rest[digits..].Trim().ToString().ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => KiB,
            "M" or "MB" or "MIB" => MiB,
            "G" or "GB" or "GIB" => GiB,
            "T" or "TB" or "TIB" => 1024d * GiB,
            _ => null,
        };
        if (scale is null || number * scale.Value > long.MaxValue)
        {
            return false;
        }

        bytes = (long)(number * scale.Value);
        return true;
    }
}
