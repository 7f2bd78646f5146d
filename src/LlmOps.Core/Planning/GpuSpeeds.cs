namespace LlmOps.Planning;

/// <summary>How fast a GPU is, from its datasheet.</summary>
/// <param name="Name">The part of the product name that identifies it.</param>
/// <param name="GigabytesPerSecond">Memory bandwidth.</param>
/// <param name="Teraflops">Half-precision products with single-precision sums on matrix units, dense; single-precision ones where there are no such units.</param>
/// <param name="IsTuned">Whether llama.cpp's kernels come as near to its bandwidth as on NVIDIA's cards from Turing on; older and other families reach less.</param>
internal sealed record GpuSpeed(string Name, int GigabytesPerSecond, double Teraflops, bool IsTuned = true);

/// <summary>Speeds of GPUs by product name. To add one, add a row: the part of the name that identifies it, its datasheet's GB/s and TFLOPS.</summary>
/// <remarks>Vendors' datasheets and architecture white papers. A longer name is tried before a shorter one that it contains.</remarks>
internal static class GpuSpeeds
{
    private static readonly GpuSpeed[] s_rows =
    [
        new("RTX 5090", 1792, 210), new("RTX 5080", 960, 113), new("RTX 5070 Ti", 896, 88), new("RTX 5070", 672, 62), new("RTX 5060 Ti", 448, 47), new("RTX 5060 Laptop", 384, 40), new("RTX 5060", 448, 38),
        new("RTX 4090", 1008, 165), new("RTX 4080 SUPER", 736, 104), new("RTX 4080", 717, 97), new("RTX 4070 Ti SUPER", 672, 88), new("RTX 4070 Ti", 504, 80), new("RTX 4070", 504, 58),
        new("RTX 4060 Ti", 288, 44), new("RTX 4060", 272, 30),
        new("RTX 3090 Ti", 1008, 80), new("RTX 3090", 936, 71), new("RTX 3080 Ti", 912, 68), new("RTX 3080", 760, 60), new("RTX 3070", 448, 41), new("RTX 3060 Laptop", 336, 22), new("RTX 3060", 360, 25),
        new("RTX 2080 Ti", 616, 54), new("RTX 2080 SUPER", 496, 45), new("RTX 2080", 448, 40), new("RTX 2070", 448, 30), new("TITAN RTX", 672, 130), new("GTX 1080 Ti", 484, 11, false), new("GTX 1070 Ti", 256, 8, false),
        new("RTX 6000 Ada", 960, 364), new("RTX PRO 6000", 1792, 503), new("RTX A6000", 768, 155), new("RTX A5000", 768, 111), new("RTX A4000", 448, 77),
        new("B200", 8000, 2250), new("H200", 4800, 989), new("H100 PCIe", 2039, 756), new("H100 NVL", 3938, 835), new("H100", 3350, 989),
        new("A100-SXM4-80GB", 2039, 312), new("A100 80GB", 1935, 312), new("A100", 1555, 312),
        new("L40S", 864, 362), new("L40", 864, 181), new("L4", 300, 121), new("A40", 696, 150), new("A30", 933, 165), new("A10", 600, 125),
        new("V100", 900, 125, false), new("P100", 732, 19, false), new("P40", 346, 12, false), new("T4", 320, 65), new("GB10", 273, 125), new("CMP 170HX", 1493, 50, false),
        new("MI300X", 5300, 1307, false), new("MI250", 3277, 362, false), new("MI210", 1638, 181, false), new("MI100", 1229, 185, false), new("MI60", 1024, 29, false), new("MI50", 1024, 27, false),
        new("RX 9070", 640, 97), new("RX 7900 XTX", 960, 123, false), new("RX 7900 XT", 800, 103, false), new("RX 6900 XT", 512, 23, false), new("RX 6800", 512, 16, false), new("R9700", 640, 191),
        new("Radeon 8060S", 256, 59), new("AI Max+ 395", 256, 59), new("Strix Halo", 256, 59), new("Radeon 780M", 90, 17),
        new("Arc B580", 456, 117, false), new("Arc A770", 560, 138, false),
        new("M1 Ultra", 800, 21, false), new("M2 Ultra", 800, 27, false), new("M3 Ultra", 819, 28, false), new("M4 Max", 546, 18, false),
    ];

    /// <summary>The speeds of the GPU called <paramref name="productName"/>; null when it is not in the table.</summary>
    public static GpuSpeed? Of(string productName)
    {
        GpuSpeed? best = null;
        foreach (GpuSpeed row in s_rows)
        {
            int at = productName.IndexOf(row.Name, StringComparison.OrdinalIgnoreCase);
            bool wholeWord = at >= 0 && (at + row.Name.Length == productName.Length || !char.IsLetterOrDigit(productName[at + row.Name.Length]));
            if (wholeWord && row.Name.Length > (best?.Name.Length ?? 0))
            {
                best = row;
            }
        }

        return best;
    }
}
