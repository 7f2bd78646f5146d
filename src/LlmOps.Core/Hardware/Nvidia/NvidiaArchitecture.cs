namespace LlmOps.Hardware.Nvidia;

/// <summary>Names of NVIDIA's architectures, as nvidia-smi writes them.</summary>
internal static class NvidiaArchitecture
{
    /// <summary>The name of an NVML_DEVICE_ARCH number; null for one that this table does not have.</summary>
    /// <remarks>Source: nvml.h.</remarks>
    public static string? FromNvml(uint? number) => number switch
    {
        2 => "Kepler",
        3 => "Maxwell",
        4 => "Pascal",
        5 => "Volta",
        6 => "Turing",
        7 => "Ampere",
        8 => "Ada Lovelace",
        9 => "Hopper",
        10 => "Blackwell",
        13 => "Rubin",
        _ => null,
    };

    /// <summary>The name that goes with a compute capability, for drivers that cannot be asked (before 450).</summary>
    public static string? FromCapability(string? capability) => capability?.Split('.') switch
    {
        ["3", _] => "Kepler",
        ["5", _] => "Maxwell",
        ["6", _] => "Pascal",
        ["7", "0" or "2"] => "Volta",
        ["7", "5"] => "Turing",
        ["8", "9"] => "Ada Lovelace",
        ["8", _] => "Ampere",
        ["9", _] => "Hopper",
        ["10" or "11" or "12", _] => "Blackwell",
        _ => null,
    };
}
