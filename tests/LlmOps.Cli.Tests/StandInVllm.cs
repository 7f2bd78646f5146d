using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

/// <summary>Gives a sandbox an environment of Python whose vLLM is the stand-in, and a model folder for it.</summary>
internal static class StandInVllm
{
    /// <summary>Makes an environment.</summary>
    /// <param name="sandbox">Where.</param>
    /// <param name="withPlugin">Whether the plugin with a launcher of its own is in it.</param>
    /// <param name="onPath">Whether its programs are on PATH; else it is one of those in <c>~/venvs</c>.</param>
    public static async Task InstallAsync(Sandbox sandbox, bool withPlugin = false, bool onPath = true)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in's environment is made of shell scripts");
        string folder = sandbox.PathOf(Path.Combine("venvs", "vllm"));
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        string[] arguments = ["exec", Path.Combine(AppContext.BaseDirectory, "vllm-stand-in.dll"), "install", folder, .. withPlugin ? ["--plugin"] : Array.Empty<string>()];
        ProcessResult installed = await ProcessRunner.RunAsync(new ProcessRequest(dotnet, arguments) { Timeout = TimeSpan.FromMinutes(1) }, TestContext.Current.CancellationToken);
        Assert.Equal((0, string.Empty), (installed.ExitCode, installed.StandardError));
        sandbox.Environment["HOME"] = sandbox.PathOf(string.Empty);
        sandbox.Environment["PATH"] = onPath ? $"{folder}/bin:/usr/bin:/bin" : "/usr/bin:/bin";
        sandbox.Environment["VLLM_API_KEY"] = null;
    }

    /// <summary>Writes a small model folder.</summary>
    public static string WriteModel(Sandbox sandbox)
    {
        string folder = Directory.CreateDirectory(sandbox.PathOf("Tiny-1.5B")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """
            { "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "float16", "num_hidden_layers": 1, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2,
              "head_dim": 64, "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }
            """);
        byte[] header = Encoding.UTF8.GetBytes("""{"model.embed_tokens.weight":{"dtype":"F16","shape":[1000,512],"data_offsets":[0,1024000]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"F16","shape":[512,512],"data_offsets":[1024000,1548288]}}""");
        byte[] file = new byte[8 + header.Length + 1548288];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), file);
        return folder;
    }
}
