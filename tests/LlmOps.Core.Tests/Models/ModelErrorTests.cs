using System.Text;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class ModelErrorTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_mistyped_name_is_answered_with_the_near_one()
    {
        _folder.Write("Qwen_QwQ-32B-IQ4_XS.gguf", GgufHeader.ForModel("llama", 1));

        ModelFormatException error = Refused(_folder.PathOf("Qwen_QwQ-32B-IQ4_XXS.gguf"), "ModelNotFound", "did you mean Qwen_QwQ-32B-IQ4_XS.gguf?");

        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public void A_missing_folder_is_named() =>
        Refused(_folder.PathOf("models/a.gguf"), "ModelNotFound", $"the folder {_folder.PathOf("models")} does not exist");

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("<!DOCTYPE html><html>", "it is a web page")]
    [InlineData("\n<html lang=en>", "it is a web page")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "run `git lfs pull`")]
    [InlineData("PK\u0003\u0004rest", "it is a zip archive")]
    [InlineData("{\"error\":\"Repository not found\"}", "it is JSON")]
    [InlineData("tjggrest", "from before GGUF")]
    [InlineData("\u0040\0\0\0\0\0\0\0{\"__metadata__\":{}}", "it is a safetensors file")]
    [InlineData("\0\0\0\0\0\0", "unfinished download")]
    [InlineData("\0\u0005\u0016\u0007\0\u0002", "macOS file attributes")]
    [InlineData("abcdef", "it begins with the bytes 61626364; name a .gguf file")]
    [InlineData("GG", "it begins with the bytes 4747")]
    public void A_file_of_another_kind_is_called_by_what_it_looks_like(string content, string description) =>
        Refused(_folder.Write("model.gguf", Encoding.Latin1.GetBytes(content)), "ModelNotGguf", description);

    [Theory]
    [InlineData(1u, "no current engine reads")]
    [InlineData(4u, "GGUF version 4; versions 2 and 3 can be read")]
    public void Other_versions_are_refused(uint version, string problem) =>
        Refused(_folder.Write("old.gguf", new GgufHeader { Version = version }), "ModelVersionUnsupported", problem);

    [Fact]
    public void Data_cut_short_is_refused_with_the_first_tensor_that_lacks_and_the_bytes()
    {
        byte[] whole = GgufHeader.ForModel("llama", 1)
            .Tensor("token_embd.weight", 1, 8192, 64, 64)
            .Tensor("output.weight", 1, 8192, 64, 64)
            .ToBytes();

        ModelFormatException error = Refused(
            _folder.Write("cut.gguf", whole.AsSpan(0, whole.Length - 1)),
            "ModelTruncated",
            "tensor output.weight and those after it need 16384 bytes of data, 16383 are there");

        Assert.Equal(whole.Length - 1, error.Offset);
    }

    [Fact]
    public void A_header_cut_short_is_refused_with_field_and_offset()
    {
        byte[] whole = GgufHeader.ForModel("llama", 1).ToBytes();

        // 24 bytes of preamble, the first pair to offset 69, then the next key and its type to offset 98.
        ModelFormatException error = Refused(_folder.Write("cut.gguf", whole.AsSpan(0, 100)), "ModelTruncated", "llama.block_count wants 4 bytes at offset 98, 2 remain");
        Assert.Equal(98, error.Offset);

        error = Refused(_folder.Write("cut.gguf", whole.AsSpan(0, 62)), "ModelInvalid", "metadata count claims 4 elements of at least 13 bytes, but 38 bytes remain");
        Assert.Equal(16, error.Offset);
    }

    [Fact]
    public void Counts_are_checked_against_the_file_before_anything_is_made_of_them()
    {
        Refused(_folder.Write("a.gguf", new GgufHeader { ClaimedTensors = 1UL << 60 }), "ModelInvalid", "tensor count claims 1152921504606846976 elements");
        Refused(_folder.Write("b.gguf", new GgufHeader { ClaimedPairs = ulong.MaxValue }), "ModelInvalid", "metadata count claims 18446744073709551615 elements");
        byte[] hugeArray = [4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0];
        Refused(_folder.Write("c.gguf", new GgufHeader().Raw("llama.values", 9, hugeArray)), "ModelInvalid", "llama.values claims 2147483647 elements");
    }

    [Fact]
    public void Damage_in_the_metadata_is_refused_with_the_key()
    {
        Refused(_folder.Write("a.gguf", new GgufHeader().Raw("some.key", 99, 1, 2, 3)), "ModelInvalid", "some.key has the unknown type 99");
        Refused(_folder.Write("b.gguf", new GgufHeader().Raw("some.key", 9, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)), "ModelInvalid", "some.key is an array of the type 9");
        Refused(_folder.Write("c.gguf", GgufHeader.ForModel("llama", 1).Own("block_count", 2)), "ModelInvalid", "the key llama.block_count appears twice");
        Refused(_folder.Write("d.gguf", new GgufHeader().Text("general.architecture", "llama").Text("llama.block_count", "two")), "ModelInvalid", "llama.block_count: is String where a whole number belongs");
        Refused(_folder.Write("e.gguf", new GgufHeader().Text("general.name", "x")), "ModelInvalid", "general.architecture: the key is missing");
        Refused(_folder.Write("f.gguf", GgufHeader.ForModel("llama", 1_000_000)), "ModelInvalid", "1000000 layers are more than the 4096");
        Refused(_folder.Write("g.gguf", GgufHeader.ForModel("llama", 1).Number("general.alignment", 24)), "ModelInvalid", "24 is not a power of two");
        Refused(_folder.Write("h.gguf", GgufHeader.ForModel("llama", 1).Text("general.type", "adapter")), "ModelInvalid", "LoRA adapter");
    }

    [Fact]
    public void Names_from_the_file_cannot_break_the_line_or_command_the_terminal()
    {
        string name = "a\nb\u001b[31m" + new string('x', 60_000);

        ModelFormatException error = Refused(_folder.Write("a.gguf", new GgufHeader().Raw(name, 99)), "ModelInvalid", "a\uFFFDb\uFFFD[31mxxx");

        Assert.InRange(error.Message.Length, 1000, 1300);
    }

    [Fact]
    public void Damage_in_the_tensor_index_is_refused_with_the_tensor()
    {
        Refused(Tensor("a.gguf", "blk.0.x", 200, 4, 1), "ModelInvalid", "tensor blk.0.x has the type 200");
        Refused(Tensor("b.gguf", "blk.0.x", 31, 4, 32), "ModelInvalid", "tensor blk.0.x has the type 31");
        Refused(Tensor("c.gguf", "blk.0.x", 12, 144, 255), "ModelInvalid", "rows of 255 elements, but Q4_K stores blocks of 256");
        Refused(Tensor("d.gguf", "blk.0.x", 0, 4, 1, 1, 1, 1, 1), "ModelInvalid", "tensor blk.0.x has 5 dimensions");
        Refused(Tensor("e.gguf", "blk.0.x", 0, 4, 1UL << 62, 4), "ModelInvalid", "tensor blk.0.x claims");
        Refused(Tensor("f.gguf", "blk.0.x", 0, 4, 1, 1UL << 62, 1UL << 62), "ModelInvalid", "impossible dimension");
        Refused(Tensor("g.gguf", "blk.7.x", 0, 4, 1), "ModelInvalid", "says 1 layers, but there is a tensor blk.7.x");

        string Tensor(string file, string name, uint type, ulong bytes, params ulong[] shape) =>
            _folder.Write(file, GgufHeader.ForModel("llama", 1).Tensor(name, type, bytes, shape));
    }

    [Fact]
    public void A_folder_stands_for_its_only_model()
    {
        Refused(_folder.Root, "ModelFolderUnsupported", "a folder with no GGUF file");
        File.WriteAllText(_folder.PathOf("config.json"), "{}");
        Refused(_folder.Root, "ModelFolderUnsupported", "safetensors");
        string model = _folder.Write("only.gguf", GgufHeader.ForModel("llama", 1));
        _folder.Write("mmproj-F16.gguf", GgufHeader.ForModel("clip", 1));

        Assert.Equal(model, ModelReader.Read(_folder.Root).Path);

        _folder.Write("second.gguf", GgufHeader.ForModel("llama", 1));
        Refused(_folder.Root, "ModelFolderAmbiguous", "2 models; give one of them: only.gguf, second.gguf");
    }

    private static ModelFormatException Refused(string path, string errorId, string problem)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelReader.Read(path));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        return error;
    }
}
