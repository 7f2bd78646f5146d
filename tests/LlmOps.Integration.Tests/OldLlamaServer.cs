using LlmOps.Engines;

namespace LlmOps.Integration.Tests;

/// <summary>
/// Makes today's llama-server look like one of 2024: its help has the old flags only, it refuses the new ones as the old parser did, and what it
/// accepts is passed on in today's spelling.
/// </summary>
internal static class OldLlamaServer
{
    public static async Task<EngineCapabilities> CreateAsync(RealEngine real, CancellationToken cancellationToken)
    {
        string path = Path.Combine(real.Folder, "old-llama-server");
        await File.WriteAllTextAsync(path, Script.Replace("@SERVER@", real.Engine.Path, StringComparison.Ordinal), cancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        EngineLocator locator = new(new EngineLocatorOptions { CacheFolder = Path.Combine(real.Folder, "cache") });
        return await locator.RequireAsync(path, cancellationToken);
    }

    private const string Script =
        """
        #!/bin/sh
        case "$1" in
        --version) echo "version: 3277 (cb5fad4c)" >&2; exit 0 ;;
        --help)
          cat <<'HELP'
        usage: llama-server [options]

        general:

          -h,    --help, --usage          print usage and exit
                 --version                show version and build info
          -t,    --threads N              number of threads to use during generation
          -c,    --ctx-size N             size of the prompt context
          -b,    --batch-size N           logical maximum batch size
          -fa,   --flash-attn             enable Flash Attention (default: disabled)
          -ctk,  --cache-type-k TYPE      KV cache data type for K (default: f16)
          -ctv,  --cache-type-v TYPE      KV cache data type for V (default: f16)
          -np,   --parallel N             number of parallel sequences to decode
                 --mlock                  force system to keep model in RAM rather than swapping or compressing
                 --no-mmap                do not memory-map model
          -ngl,  --n-gpu-layers N         number of layers to store in VRAM
          -m,    --model FNAME            model path
          -a,    --alias VALUE            set alias for model name
                 --host HOST              ip address to listen
                 --port PORT              port to listen
                 --api-key-file FNAME     path to file containing API keys
                 --metrics                enable prometheus compatible metrics endpoint
        HELP
          exit 0 ;;
        esac
        lock=; map=mmap
        for argument in "$@"; do
          shift
          case "$argument" in
          --mlock) lock=yes ;;
          --no-mmap) map=none ;;
          --flash-attn) set -- "$@" --flash-attn on ;;
          --model|--alias|--host|--port|--threads|--ctx-size|--batch-size|--cache-type-k|--cache-type-v|--parallel|--n-gpu-layers|--api-key-file|--metrics) set -- "$@" "$argument" ;;
          --*) echo "error: unknown argument: $argument" >&2; exit 1 ;;
          *) set -- "$@" "$argument" ;;
          esac
        done
        mode=$map
        if [ -n "$lock" ]; then mode=mlock; [ "$map" = mmap ] && mode=mmap+mlock; fi
        exec "@SERVER@" "$@" --load-mode "$mode"
        """;
}
