namespace LlmOps.Core.Tests.Models.Fuzzing;

public sealed class ModelFuzzTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_files_and_folders_give_a_model_or_a_clear_error_within_bounded_memory(int seed)
    {
        using ModelFuzzer fuzzer = new(seed);
        for (int run = 0; run < 2500; run++)
        {
            fuzzer.Next();
        }

        // Damage that is never refused, or always, tests nothing.
        Assert.InRange(fuzzer.Read, 50, 2450);
    }
}
