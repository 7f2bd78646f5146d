using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Core.Tests.Engines.LlamaCpp;

public sealed class LoadStageTests
{
    [Theory]
    [InlineData("0.00.014.380 I srv    load_model: loading model 'tiny.gguf'", "opening the model")]
    [InlineData("0.00.014.426 I cmn  common_init_: fitting params to device memory ...", "fitting to the memory of the devices")]
    [InlineData("0.00.020.565 I load_tensors: loading model tensors, this can take a while... (load_mode = mmap)", "loading the weights")]
    [InlineData("0.00.022.234 I llama_context: constructing llama_context", "making the context")]
    [InlineData("0.00.022.555 I llama_kv_cache:        CPU KV buffer size =     8.00 MiB", "allocating the KV cache")]
    [InlineData("0.00.028.680 I sched_reserve: reserving ...", "reserving compute buffers")]
    [InlineData("0.00.030.374 I cmn  common_init_: warming up the model with an empty run - please wait ...", "warming up")]
    [InlineData("0.13.902.497 I srv  llama_server: model loaded", "opening the port")]
    [InlineData("0.00.020.009 I print_info: file format = GGUF V3 (latest)", null)]
    public void Log_lines_tell_the_stage(string line, string? stage) => Assert.Equal(stage, LoadStage.Read(line));
}
