namespace LlmOps.Engines.Install;

/// <summary>Where an engine is installed from.</summary>
public enum InstallSource
{
    /// <summary>Packages of the distribution, unpacked privately.</summary>
    Package,

    /// <summary>The archive of a release, checked against its published hash.</summary>
    Release,

    /// <summary>A container image.</summary>
    Docker,

    /// <summary>Python packages in an environment of their own.</summary>
    Pip,

    /// <summary>The sources, compiled on this machine.</summary>
    Build,
}

/// <summary>What an engine is to compute on.</summary>
public enum EngineBackend
{
    /// <summary>What the machine has.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>NVIDIA cards.</summary>
    Cuda,

    /// <summary>Cards of any vendor.</summary>
    Vulkan,

    /// <summary>AMD cards.</summary>
    Rocm,
}
