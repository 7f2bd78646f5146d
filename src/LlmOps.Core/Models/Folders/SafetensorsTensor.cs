namespace LlmOps.Models.Folders;

/// <summary>One tensor of a safetensors header.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Type">Element type: <c>BF16</c>, <c>F8_E4M3</c>, …</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Elements">Stored elements; packed ones hold several weights each.</param>
/// <param name="Begin">Offset of the data from the end of the header.</param>
/// <param name="End">Offset behind the data.</param>
internal sealed record SafetensorsTensor(string Name, string Type, IReadOnlyList<long> Shape, long Elements, long Begin, long End)
{
    public long Bytes => End - Begin;
}
