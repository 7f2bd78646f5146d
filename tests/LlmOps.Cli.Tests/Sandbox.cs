using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using LlmOps.Models;
using LlmOps.Processes;

namespace LlmOps.Cli.Tests;

/// <summary>A private folder with a home of its own, in which the real command runs: no servers, no engines, nothing of this machine's user.</summary>
public sealed class Sandbox : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llmops-cli-tests-");

    /// <summary>The command that was built beside these tests.</summary>
    public static string Command => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "llmops.exe" : "llmops");

    /// <summary>The variables that every run gets; tests add theirs.</summary>
    public Dictionary<string, string?> Environment { get; }

    public Sandbox() => Environment = new Dictionary<string, string?>
    {
        ["XDG_STATE_HOME"] = PathOf("state"),
        ["XDG_CACHE_HOME"] = PathOf("cache"),
        ["PATH"] = PathOf("no-programs"),
        ["LLMOPS_LLAMA_SERVER"] = null,
        ["LLMOPS_COMMAND"] = null,
        ["LLMOPS_DEBUG"] = null,

        // The command's own launcher looks for the runtime here first; the tests know where theirs is.
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")),
    };

    /// <summary>A path in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file into the folder.</summary>
    public string WriteFile(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>Writes a small model into the folder.</summary>
    public string WriteModel(string name = "tiny.gguf")
    {
        TinyModelWriter.Write(PathOf(name), new TinyModelOptions());
        return PathOf(name);
    }

    /// <summary>Writes a small model folder, as vLLM runs them.</summary>
    public string WriteModelFolder(string name)
    {
        string folder = Directory.CreateDirectory(PathOf(name)).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), """
            { "model_type": "llama", "dtype": "bfloat16", "num_hidden_layers": 2, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64,
              "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 8192 }
            """);
        byte[] header = Encoding.UTF8.GetBytes("""{"model.embed_tokens.weight":{"dtype":"BF16","shape":[1000,512],"data_offsets":[0,1024000]},"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[512,512],"data_offsets":[1024000,1548288]}}""");
        byte[] file = new byte[8 + header.Length + 1548288];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), file);
        return folder;
    }

    /// <summary>Runs the command to its end.</summary>
    public async Task<Outcome> RunAsync(params IReadOnlyList<string> arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(Request(arguments), TestContext.Current.CancellationToken);
        return new Outcome(result.ExitCode, result.StandardOutput, result.StandardError);
    }

    /// <summary>How the command is run here.</summary>
    public ProcessRequest Request(IReadOnlyList<string> arguments) =>
        new(Command, arguments) { Environment = Environment, WorkingDirectory = _folder.FullName, Timeout = TimeSpan.FromMinutes(3) };

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);
}
