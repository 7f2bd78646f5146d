using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class GgufFuzzTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    private readonly byte[] _valid = GgufHeader.ForModel("qwen35", 5)
        .Own("attention.head_count_kv", [2, 2, 2, 2, 2])
        .Own("ssm.conv_kernel", 4)
        .Text("tokenizer.chat_template", "{% if message.role == 'user' %}")
        .Texts("tokenizer.ggml.tokens", ["a", "b"])
        .Flags("qwen35.attention.recurrent_layers", true, true, false, true, false)
        .Tensor("token_embd.weight", 1, 256, 64, 2)
        .Tensor("blk.0.ffn_up_exps.weight", 12, 144, 256)
        .ToBytes();

    // Overwritten in place: making thousands of files would be most of the test's time.
    private readonly FileStream _file;

    public GgufFuzzTests() => _file = new FileStream(_folder.PathOf("fuzz.gguf"), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_seed_itself_is_read() => Assert.Equal(5, Read(_valid)?.LayerCount);

    [Fact]
    public void Every_length_gives_a_model_or_a_clear_error()
    {
        // The last tensor's 144 bytes are padded to 160; a file may lack the padding.
        for (int length = 0; length < _valid.Length - 16; length++)
        {
            Assert.Null(Read(_valid.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void Every_flipped_byte_gives_a_model_or_a_clear_error(byte mask)
    {
        byte[] bytes = [.. _valid];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= mask;
            Read(bytes);
            bytes[i] ^= mask;
        }
    }

    [Fact]
    public void Random_damage_gives_a_model_or_a_clear_error_within_bounded_memory()
    {
        Random random = new(42);
        for (int run = 0; run < 3000; run++)
        {
            byte[] bytes = [.. _valid];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            Read(bytes);
        }
    }

    /// <summary>The model, or null where it was refused; any other exception fails the test.</summary>
    private ModelDescription? Read(ReadOnlySpan<byte> bytes)
    {
        _file.Position = 0;
        _file.Write(bytes);
        _file.SetLength(bytes.Length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            return ModelReader.Read(_file.Name);
        }
        catch (ModelFormatException error)
        {
            Assert.DoesNotContain('\n', error.Message);
            return null;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * Bytes.MiB);
        }
    }
}
