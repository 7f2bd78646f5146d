namespace LlmOps.Diagnostics.Checks;

/// <summary>What a distribution calls the things that checks miss. Data: a row for each thing, a column for each package manager.</summary>
internal static class Packages
{
    // apt, dnf, pacman, zypper, apk; empty where there is no such package.
    private static readonly Dictionary<string, string[]> s_names = new(StringComparer.Ordinal)
    {
        ["compiler"] = ["build-essential", "gcc gcc-c++ make", "base-devel", "gcc gcc-c++ make", "build-base"],
        ["ninja"] = ["ninja-build", "ninja-build", "ninja", "ninja", "samurai"],
        ["python-headers"] = ["python3-dev", "python3-devel", "python", "python3-devel", "python3-dev"],
        ["python-headers-of"] = ["python{0}-dev", "python{0}-devel", "python", "python{1}-devel", "python3-dev"],
        ["libgomp.so.1"] = ["libgomp1", "libgomp", "gcc-libs", "libgomp1", "libgomp"],
        ["libcurl.so.4"] = ["libcurl4", "libcurl", "curl", "libcurl4", "libcurl"],
        ["libssl.so.3"] = ["libssl3", "openssl-libs", "openssl", "libopenssl3", "libssl3"],
        ["libstdc++.so.6"] = ["libstdc++6", "libstdc++", "gcc-libs", "libstdc++6", "libstdc++"],
        ["libvulkan.so.1"] = ["libvulkan1", "vulkan-loader", "vulkan-icd-loader", "libvulkan1", "vulkan-loader"],
        ["libopenblas.so.0"] = ["libopenblas0", "openblas", "openblas", "libopenblas_pthreads0", "openblas"],
        ["vulkan-driver"] = ["mesa-vulkan-drivers", "mesa-vulkan-drivers", "vulkan-radeon vulkan-intel", "libvulkan_radeon libvulkan_intel", "mesa-vulkan-ati mesa-vulkan-intel"],
        ["docker"] = ["docker.io", "moby-engine", "docker", "docker", "docker"],
        ["podman"] = ["podman", "podman", "podman", "podman", "podman"],
        ["container-toolkit"] = ["nvidia-container-toolkit", "nvidia-container-toolkit", "nvidia-container-toolkit", "nvidia-container-toolkit", ""],
        ["nvidia-driver"] = ["nvidia-driver", "akmod-nvidia xorg-x11-drv-nvidia-cuda", "nvidia-open nvidia-utils", "nvidia-open-driver-G06-signed-kmp-default nvidia-compute-utils-G06", ""],
        ["kernel-headers"] = ["linux-headers-{0}", "kernel-devel-{0}", "linux-headers", "kernel-default-devel", "linux-lts-dev"],
        ["modprobe-tool"] = ["nvidia-modprobe", "nvidia-modprobe", "nvidia-utils", "nvidia-modprobe", ""],
        ["fabric-manager"] = ["nvidia-fabricmanager-{0}", "nvidia-fabric-manager", "nvidia-fabricmanager", "nvidia-fabric-manager", ""],
        ["cpupower"] = ["linux-cpupower", "kernel-tools", "cpupower", "cpupower", "cpupower"],
    };

    // What is not in a distribution's usual sections.
    private static readonly Dictionary<string, string> s_from = new(StringComparer.Ordinal)
    {
        ["container-toolkit"] = "from NVIDIA's repository, https://docs.nvidia.com/datacenter/cloud-native/container-toolkit",
        ["fabric-manager"] = "from NVIDIA's repository, https://developer.nvidia.com/cuda-downloads",
        ["modprobe-tool"] = "in Debian's section contrib, in Ubuntu's multiverse",
    };

    /// <summary>Where packages of <paramref name="thing"/> come from, when not from the distribution's usual sections; else null.</summary>
    public static string? From(string thing) => s_from.GetValueOrDefault(thing);

    /// <summary>Packages of <paramref name="thing"/>; empty where the distribution has none by itself or is not known.</summary>
    /// <param name="thing">A row: <c>compiler</c>, <c>libgomp.so.1</c>.</param>
    /// <param name="distribution">The distribution.</param>
    /// <param name="parts">What stands in for <c>{0}</c>, <c>{1}</c>.</param>
    public static IReadOnlyList<string> Of(string thing, Distribution distribution, params string[] parts) =>
        distribution.Manager == PackageManager.Unknown || !s_names.TryGetValue(thing, out string[]? row) ? []
        : string.Format(System.Globalization.CultureInfo.InvariantCulture, row[(int)distribution.Manager - 1], parts).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The command that installs <paramref name="packages"/>.</summary>
    public static RemedyCommand Install(Distribution distribution, IReadOnlyList<string> packages, bool safe = true) => new([.. Start(distribution.Manager), .. packages])
    {
        NeedsRoot = true,
        Safe = safe,
        Undo = [.. Remove(distribution.Manager), .. packages],
    };

    private static string[] Start(PackageManager manager) => manager switch
    {
        PackageManager.Apt => ["apt-get", "install", "-y"],
        PackageManager.Dnf => ["dnf", "install", "-y"],
        PackageManager.Pacman => ["pacman", "-S", "--needed", "--noconfirm"],
        PackageManager.Zypper => ["zypper", "--non-interactive", "install"],
        _ => ["apk", "add"],
    };

    private static string[] Remove(PackageManager manager) => manager switch
    {
        PackageManager.Apt => ["apt-get", "remove", "-y"],
        PackageManager.Dnf => ["dnf", "remove", "-y"],
        PackageManager.Pacman => ["pacman", "-R", "--noconfirm"],
        PackageManager.Zypper => ["zypper", "--non-interactive", "remove"],
        _ => ["apk", "del"],
    };
}
