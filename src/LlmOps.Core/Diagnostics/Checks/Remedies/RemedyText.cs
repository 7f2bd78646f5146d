using System.Globalization;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Remedies as exact commands for the distribution of the machine.</summary>
internal sealed class RemedyText(Distribution distribution, bool isWsl, string? kernel)
{
    /// <summary>The distribution that the commands are for.</summary>
    public Distribution Distribution => distribution;

    /// <summary>Installs a thing that distributions package.</summary>
    public Remedy Install(string words, string thing, params string[] parts) =>
        Packages.Of(thing, distribution, parts) is { Count: > 0 } packages
            ? new Remedy(Packages.From(thing) is { } from ? $"{words} ({from})" : words, Packages.Install(distribution, packages))
            : new Remedy($"{words} (no package is known for {distribution.Name ?? "this distribution"})");

    /// <summary>Installs NVIDIA's driver.</summary>
    /// <param name="words">Why, as the start of the remedy.</param>
    public Remedy Driver(string words) => isWsl
        ? new Remedy($"{words}: install or update NVIDIA's driver on Windows, never inside WSL, then run 'wsl --shutdown' in Windows and start WSL again")
        : distribution.Id == "ubuntu"
            ? new Remedy(words, Root("ubuntu-drivers", "install"), Reboot)
            : Packages.Of("nvidia-driver", distribution) is { Count: > 0 } packages
                ? new Remedy(words + (distribution.Manager switch
                {
                    PackageManager.Apt => " (from the section non-free, which /etc/apt/sources.list has to name)",
                    PackageManager.Dnf => " (from RPM Fusion)",
                    _ => string.Empty,
                }), Packages.Install(distribution, packages, safe: false), Reboot)
                : new Remedy($"{words} (https://www.nvidia.com/drivers)");

    /// <summary>Sets a kernel parameter now and for the next start.</summary>
    public static Remedy Sysctl(string words, string key, string value, string before) => new(
        words,
        new RemedyCommand(["sysctl", "-w", $"{key}={value}"]) { NeedsRoot = true, Safe = true, Undo = ["sysctl", "-w", $"{key}={before}"] },
        WriteFile($"/etc/sysctl.d/90-llmops-{key.Replace('.', '-')}.conf", $"{key} = {value}\n"));

    /// <summary>Loads a kernel module.</summary>
    public static RemedyCommand Modprobe(params string[] modules) => new(["modprobe", "-a", .. modules]) { NeedsRoot = true, Safe = true, Undo = ["modprobe", "-r", .. modules.Reverse()] };

    /// <summary>Writes a small file of settings that was not there, and its folder where that is missing too.</summary>
    public static RemedyCommand WriteFile(string path, string content) => new(["install", "-D", "-m", "644", "/dev/stdin", path]) { NeedsRoot = true, Safe = true, Input = content, Undo = ["rm", path] };

    /// <summary>The kernel's headers, which drivers are built against.</summary>
    public Remedy KernelHeaders(string words) => Install(words, "kernel-headers", kernel ?? "$(uname -r)");

    /// <summary>A command that root runs and a person decides.</summary>
    public static RemedyCommand Root(params string[] arguments) => new(arguments) { NeedsRoot = true };

    /// <summary>A command that this user runs and a person decides.</summary>
    public static RemedyCommand Run(params string[] arguments) => new(arguments);

    /// <summary>Deletes what programs make again by themselves.</summary>
    public static RemedyCommand DeleteCache(IEnumerable<string> folders) => new(["rm", "-rf", "--", .. folders]) { Safe = true };

    /// <summary>Restarts the machine.</summary>
    public static RemedyCommand Reboot { get; } = Root("reboot");

    /// <summary>A number in the invariant culture.</summary>
    public static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
