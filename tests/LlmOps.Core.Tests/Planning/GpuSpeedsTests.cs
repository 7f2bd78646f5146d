using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

public sealed class GpuSpeedsTests
{
    [Theory]
    [InlineData("NVIDIA GeForce RTX 3090", 936e9)]
    [InlineData("NVIDIA GeForce RTX 3090 Ti", 1008e9)]
    [InlineData("NVIDIA GeForce RTX 4080 SUPER", 736e9)]
    [InlineData("NVIDIA H100 PCIe", 2039e9)]
    [InlineData("NVIDIA H100 80GB HBM3", 3350e9)]
    [InlineData("Tesla T4", 320e9)]
    public void The_longest_name_that_matches_decides(string product, double expected) => Assert.Equal(expected, GpuSpeeds.Of(product)?.GigabytesPerSecond * 1e9);

    [Theory]
    [InlineData("llvmpipe (LLVM 22.1.8, 256 bits)")]
    [InlineData("NVIDIA T400")] // not a T4
    public void An_unknown_card_has_no_bandwidth(string product) => Assert.Null(GpuSpeeds.Of(product)?.GigabytesPerSecond * 1e9);
}
