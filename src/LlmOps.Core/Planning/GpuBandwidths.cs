namespace LlmOps.Planning;

/// <summary>Memory bandwidth of GPUs by product name. To add one, add a row: the part of the name that identifies it, and its datasheet's GB/s.</summary>
/// <remarks>Vendors' datasheets. A longer name is tried before a shorter one that it contains.</remarks>
internal static class GpuBandwidths
{
    private static readonly (string Name, int GigabytesPerSecond)[] Rows =
    [
        ("RTX 5090", 1792), ("RTX 5080", 960), ("RTX 5070 Ti", 896), ("RTX 5070", 672), ("RTX 5060 Ti", 448),
        ("RTX 4090", 1008), ("RTX 4080 SUPER", 736), ("RTX 4080", 717), ("RTX 4070 Ti SUPER", 672), ("RTX 4070 Ti", 504), ("RTX 4070", 504), ("RTX 4060 Ti", 288), ("RTX 4060", 272),
        ("RTX 3090 Ti", 1008), ("RTX 3090", 936), ("RTX 3080 Ti", 912), ("RTX 3080", 760), ("RTX 3070", 448), ("RTX 3060", 360),
        ("RTX 2080 Ti", 616), ("RTX 2080 SUPER", 496), ("RTX 2080", 448), ("RTX 2070", 448), ("TITAN RTX", 672), ("GTX 1080 Ti", 484),
        ("RTX 6000 Ada", 960), ("RTX PRO 6000", 1792), ("RTX A6000", 768), ("RTX A5000", 768), ("RTX A4000", 448),
        ("B200", 8000), ("H200", 4800), ("H100 PCIe", 2039), ("H100 NVL", 3938), ("H100", 3350), ("A100-SXM4-80GB", 2039), ("A100 80GB", 1935), ("A100", 1555),
        ("L40S", 864), ("L40", 864), ("L4", 300), ("A40", 696), ("A30", 933), ("A10", 600), ("V100", 900), ("P100", 732), ("P40", 346), ("T4", 320),
        ("MI300X", 5300), ("MI250", 3277), ("MI210", 1638), ("MI100", 1229), ("MI50", 1024), ("RX 7900 XTX", 960), ("RX 7900 XT", 800), ("RX 6900 XT", 512), ("RX 6800", 512), ("R9700", 640),
        ("Arc B580", 456), ("Arc A770", 560),
    ];

    /// <summary>Bytes a second that the GPU called <paramref name="productName"/> reads; null when it is not in the table.</summary>
    public static double? Of(string productName)
    {
        (string Name, int GigabytesPerSecond)? best = null;
        foreach ((string name, int gigabytes) in Rows)
        {
            int at = productName.IndexOf(name, StringComparison.OrdinalIgnoreCase);
            bool wholeWord = at >= 0 && (at + name.Length == productName.Length || !char.IsLetterOrDigit(productName[at + name.Length]));
            if (wholeWord && name.Length > (best?.Name.Length ?? 0))
            {
                best = (name, gigabytes);
            }
        }

        return best?.GigabytesPerSecond * 1e9;
    }
}
