namespace LlmOps.Hardware;

/// <summary>Who is asked for the GPUs.</summary>
public enum TopologySource
{
    /// <summary>Everybody that may know: NVML, else nvidia-smi; and the AMD and Intel drivers.</summary>
    Auto,

    /// <summary>NVIDIA's management library.</summary>
    Nvml,

    /// <summary>The nvidia-smi program.</summary>
    NvidiaSmi,

    /// <summary>The amdgpu driver's files in /sys.</summary>
    Amd,

    /// <summary>The xe and i915 drivers' files in /sys.</summary>
    Intel,

    /// <summary>An engine's own list of devices; the survey itself then describes the host alone.</summary>
    Engine,
}
