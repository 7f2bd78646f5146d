namespace LlmOps.Configuration.Export;

/// <summary>What a configuration can be written as.</summary>
public enum ConfigFormat
{
    /// <summary>LlmOps's own form, with the reasons; the only one that is read back.</summary>
    Yaml,

    /// <summary>A bash script that runs the engine; of several machines one that takes the machine's name.</summary>
    Bash,

    /// <summary>A PowerShell script that runs the engine.</summary>
    PowerShell,

    /// <summary>A bash script with one <c>docker run</c>.</summary>
    DockerRun,

    /// <summary>A file for <c>docker compose</c>; holds several servers.</summary>
    Compose,

    /// <summary>A unit file for systemd.</summary>
    Systemd,

    /// <summary>A Deployment and a Service for Kubernetes, of several machines a LeaderWorkerSet; holds several servers.</summary>
    Kubernetes,

    /// <summary>A configuration of llama-swap; holds several servers.</summary>
    LlamaSwap,

    /// <summary>Presets for llama-server as a router (<c>--models-preset</c>); holds several servers.</summary>
    PresetIni,
}
