using LlmOps.Core.Tests.Engines.LlamaCpp.Install;
using LlmOps.Engines.Install;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Engines.Install;

/// <summary>A folder with programs that stand in for compilers, Python and docker, and with state and data of its own.</summary>
internal sealed class StandInTools : IDisposable
{
    private readonly TemporaryFolder _folder = new("llmops install test ");

    public void Dispose() => _folder.Dispose();

    public string Below(params string[] parts) => _folder.Below(parts);

    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>What the programs were called with, in order.</summary>
    public string[] Calls => File.Exists(Below("calls")) ? File.ReadAllLines(Below("calls")) : [];

    /// <summary>Puts a program on the stand-in PATH that notes how it was called and then does <paramref name="script"/>.</summary>
    public string Tool(string name, string script = "exit 0") =>
        _folder.Write($"bin/{name}", $"#!/bin/sh\necho \"{name} $*\" >> '{Below("calls")}'\n{script}\n", executable: true);

    /// <summary>What a llama-server says of itself.</summary>
    public string LlamaServer { get; } = """
        case "$1" in
          --version) echo 'version: 9021 (666e2fc04)' >&2 ;;
          --list-devices) echo 'Available devices:' ;;
          *) printf '%s\n' '-c,    --ctx-size N    size of the prompt context' '--port PORT    port to listen' '--list-devices    print list of available devices and exit' ;;
        esac
        """;

    /// <summary>A compiler, cmake and git that "build" a server.</summary>
    public void Compiler()
    {
        Tool("g++");
        Tool("make");
        Tool("git", "for last; do :; done\nmkdir -p \"$last\" && : > \"$last/CMakeLists.txt\"");
        Write("server.sh", "#!/bin/sh\n" + LlamaServer);
        Tool("cmake", $"""
            [ "$1" = --build ] || exit 0
            mkdir -p "$2/bin" && cp '{Below("server.sh")}' "$2/bin/llama-server" && chmod +x "$2/bin/llama-server"
            """);
    }

    /// <summary>A Python of <paramref name="version"/> whose venv holds itself, and whose pip leaves what pip leaves.</summary>
    public void Python(string version = "3.12.3", bool hasVenv = true)
    {
        string script = $$"""
            [ "$1" = --version ] && { echo 'Python {{version}}'; exit 0; }
            [ "$1" = -c ] && exit {{(hasVenv ? 0 : 1)}}
            shift; module=$1; shift
            here=$(dirname "$(dirname "$0")")
            packages=$here/lib/python3.12/site-packages
            case $module in
              venv) mkdir -p "$1/bin" "$1/lib/python3.12/site-packages"; cp "$0" "$1/bin/python"; echo 'version = {{version}}' > "$1/pyvenv.cfg" ;;
              zipfile) mkdir -p "$3/p/dist"; : > "$3/p/dist/caovan_vllm_sm75_turbo3-0.4.13-py3-none-any.whl" ;;
              pip)
                for word; do case $word in
                  vllm==*) for p in vllm-${word#vllm==} torch-2.9.0+cu130 transformers-5.1.0; do mkdir -p "$packages/$p.dist-info"; printf 'Name: x\nVersion: %s\n' "${p#*-}" > "$packages/$p.dist-info/METADATA"; done
                    mkdir -p "$packages/vllm"; : > "$packages/vllm/__init__.py"; printf '#!%s/bin/python\n' "$here" > "$here/bin/vllm"; chmod +x "$here/bin/vllm" ;;
                  broken==*) echo "ERROR: No matching distribution found for $word" >&2; exit 1 ;;
                  freeze) printf 'torch==2.9.0\nvllm==0.21.0\n' ;;
                esac; done ;;
            esac
            """;
        Tool("python3.12", script);
    }

    /// <summary>What is asked for, with nothing of this machine but /bin and /usr/bin behind the stand-ins.</summary>
    public EngineInstallRequest Request(string engine, InstallSource? source, GpuTopology topology, bool withSystem = true) => new()
    {
        Engine = engine,
        Source = source,
        Topology = topology,
        PathVariable = withSystem ? $"{Below("bin")}:/usr/bin:/bin" : Below("bin"),
        StateFolder = Below("state"),
        DataFolder = Below("data"),
    };
}
