using System.Globalization;
using System.Text.RegularExpressions;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>GPUs: there, free, healthy and seen by programs.</summary>
internal static partial class GpuChecks
{
    private const double MuchOfIt = 0.10;
    private const double FarBelowUsual = 0.75;
    private const int Hot = 87;

    private static readonly string[] s_badReasons = ["HwSlowdown", "SwThermalSlowdown", "HwThermalSlowdown", "HwPowerBrakeSlowdown"];

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("gpu.present", "there is a GPU to compute on", Present),
        Check.OfFacts("gpu.lost", "no card has fallen off the bus or waits for a reset", Lost),
        Check.OfFacts("gpu.memory-held", "nobody else holds much GPU memory; who does", MemoryHeld),
        Check.OfFacts("gpu.visible", "no variable hides cards from programs", Visible),
        Check.OfFacts("gpu.order", "numbers of cards mean the same to CUDA and to nvidia-smi", Order),
        Check.OfFacts("gpu.compute-mode", "the cards may compute, also for several processes", ComputeMode),
        Check.OfFacts("gpu.ecc", "no memory errors that could not be corrected; no change of ECC waits for a restart", Ecc),
        Check.OfFacts("gpu.throttling", "heat or power do not hold the clocks back", Throttling),
        Check.OfFacts("gpu.power-cap", "the power limit is not far below the usual one", PowerCap),
        Check.OfFacts("gpu.mig", "divided cards (MIG) have parts that can be used", Mig),
        Check.OfTools("gpu.xid", "the driver has reported no errors (Xid) since the machine started", XidAsync),
    ];

    private static Finding Present(CheckScope scope)
    {
        IReadOnlyList<GpuDevice> gpus = scope.Topology.Gpus;
        return gpus.Count > 0
            ? Finding.Pass(string.Create(CultureInfo.InvariantCulture, $"{gpus.Count} GPU(s) found"), string.Join("; ", gpus.Select(gpu => $"{gpu.Index}: {gpu.Name}, {Bytes.Format(gpu.MemoryTotalBytes)}")))
            : scope.Config is { Devices.Count: 0 } ? Finding.Skip("the configuration computes on the processor")
            : scope.Config is { Devices.Count: > 0 } config
                ? Finding.Fail("no GPU was found, and the configuration wants some", $"source: {scope.Topology.Source}; wanted: {string.Join(", ", config.Devices.Select(device => device.Name))}", "the engine would end, or run on the processor without saying so", "install the driver, or plan again for this machine")
                : Finding.Warn("no GPU was found; models run on the processor, 10 to 50 times slower", $"source: {scope.Topology.Source}", "generation reads all active weights for every token, and main memory is that much slower", "if a GPU is built in, install its driver; small models are fine without");
    }

    private static Finding Lost(CheckScope scope)
    {
        string? note = scope.Topology.Notes.FirstOrDefault(note => note.Contains("fallen off the bus", StringComparison.Ordinal) || note.Contains("needs a reset", StringComparison.Ordinal) || note.Contains("interrupt problem", StringComparison.Ordinal));
        return note is not null ? Finding.Fail("a card is lost to the driver", note, "calls to it fail or hang, and with them every server that uses it", new Remedy("power the machine off, check its seating, riser and power cables; a reset may bring it back", RemedyText.Root("nvidia-smi", "--gpu-reset")))
            : scope.Topology.Gpus.Count == 0 ? Finding.Skip("there is no GPU") : Finding.Pass("every card answers");
    }

    private static Finding MemoryHeld(CheckScope scope)
    {
        if (scope.Cards.Count == 0)
        {
            return Finding.Skip("there is no GPU");
        }

        List<string> held = [];
        List<int> holders = [];
        // Memory that is the host's is held by every program of the machine.
        foreach (GpuDevice gpu in scope.Cards.Where(card => !card.SharedMemory && !card.IsIntegrated))
        {
            long used = gpu.MemoryTotalBytes - (gpu.MemoryReservedBytes ?? 0) - (gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes);
            if (used > gpu.MemoryTotalBytes * MuchOfIt)
            {
                held.Add($"GPU {gpu.Index}: {Bytes.Format(used)} by {(gpu.Processes.Count == 0 ? "unknown processes" : string.Join(", ", gpu.Processes.Select(process => $"{process.Name ?? "?"} ({process.ProcessId})")))}");
                holders.AddRange(gpu.Processes.Select(process => process.ProcessId));
            }
        }

        return held.Count == 0 ? Finding.Pass("no other process holds much GPU memory")
            : Finding.Warn(
                "GPU memory is held by other processes", string.Join("; ", held),
                "vLLM does not start when its share of a card is not free, and llama.cpp plans for what is left; workers of a server that crashed hold memory until they are ended",
                new Remedy("end them, or plan for what is left", [.. holders.Distinct().Select(pid => RemedyText.Run("kill", pid.ToString(CultureInfo.InvariantCulture)))]));
    }

    private static Finding Visible(CheckScope scope)
    {
        GpuEnvironment environment = new()
        {
            CudaVisibleDevices = scope.Variable("CUDA_VISIBLE_DEVICES"),
            CudaDeviceOrder = scope.Variable("CUDA_DEVICE_ORDER"),
            HipVisibleDevices = scope.Variable("HIP_VISIBLE_DEVICES"),
            RocrVisibleDevices = scope.Variable("ROCR_VISIBLE_DEVICES"),
        };
        if (scope.Cards.Count == 0 || scope.IsInContainer)
        {
            return Finding.Skip(scope.IsInContainer ? "the container is given its cards" : "there is no GPU");
        }

        GpuTopology seen = VisibleDevices.Apply(scope.Topology with { Environment = environment, Notes = [] });
        GpuDevice[] hidden = [.. scope.Cards.Where(card => seen.Gpus.All(gpu => gpu.Index != card.Index))];
        string set = string.Join(' ', new[] { ("CUDA_VISIBLE_DEVICES", environment.CudaVisibleDevices), ("HIP_VISIBLE_DEVICES", environment.HipVisibleDevices), ("ROCR_VISIBLE_DEVICES", environment.RocrVisibleDevices) }
            .Where(variable => variable.Item2 is not null).Select(variable => $"{variable.Item1}={variable.Item2}"));
        string why = "engines see only what these variables leave, and a wrong entry ends the list";
        return hidden.Length == scope.Cards.Count ? Finding.Fail("every card is hidden from programs", set, why, "unset the variable, or name cards that are there").WithoutBlocking()
            : seen.Notes.FirstOrDefault(note => !note.StartsWith("CUDA's default order", StringComparison.Ordinal)) is { } wrong ? Finding.Warn("a variable that chooses cards names some that are not there", $"{set}: {wrong}", why, "name cards that are there, best by UUID (nvidia-smi -L)")
            : hidden.Length == 0 || scope.Config is null ? Finding.Pass(hidden.Length == 0 ? "no variable hides a card" : "variables leave some cards, as somebody chose", set.Length == 0 ? null : set)
            : Finding.Fail("cards that the configuration uses are hidden from programs", $"{set} hides {string.Join(", ", hidden.Select(CheckScope.NameOf))}", why, "unset the variable, or plan with 'Get-GpuTopology -Visible'");
    }

    private static Finding Order(CheckScope scope)
    {
        string? chosen = scope.Variable("CUDA_VISIBLE_DEVICES");
        GpuDevice[] moved = [.. scope.Topology.Gpus.Where(gpu => gpu.CudaIndexFastestFirst is { } fastest && gpu.CudaIndex is { } bus && fastest != bus)];
        return scope.Topology.Gpus.Count(gpu => gpu.Vendor == GpuVendor.Nvidia) < 2 ? Finding.Skip("fewer than two NVIDIA cards have no order")
            : scope.Variable("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" ? Finding.Pass("CUDA counts the cards as nvidia-smi does", "CUDA_DEVICE_ORDER=PCI_BUS_ID")
            : moved.Length == 0 ? Finding.Pass("CUDA's own order is the one of nvidia-smi")
            : chosen is null || !chosen.Any(char.IsAsciiDigit) || chosen.Contains("GPU-", StringComparison.Ordinal)
                ? Finding.Pass("cards are not chosen by number", $"CUDA would count {string.Join(", ", moved.Select(gpu => $"{gpu.Name} {gpu.CudaIndexFastestFirst}"))}")
                : Finding.Warn(
                    "cards are chosen by numbers that CUDA and nvidia-smi count differently", $"CUDA_VISIBLE_DEVICES={chosen}; {string.Join(", ", moved.Select(gpu => $"{gpu.Name}: {gpu.Index} of nvidia-smi, {gpu.CudaIndexFastestFirst} of CUDA"))}",
                    "CUDA counts the fastest card first unless told otherwise: another card is used than was meant", "set CUDA_DEVICE_ORDER=PCI_BUS_ID, or choose by UUID");
    }

    private static Finding ComputeMode(CheckScope scope)
    {
        GpuDevice[] closed = [.. scope.Cards.Where(card => card.ComputeMode is "Prohibited")];
        GpuDevice[] exclusive = [.. scope.Cards.Where(card => card.ComputeMode is "ExclusiveProcess" or "ExclusiveThread")];
        RemedyCommand Open(GpuDevice card) => new(["nvidia-smi", "-i", card.Index.ToString(CultureInfo.InvariantCulture), "-c", "DEFAULT"]) { NeedsRoot = true, Safe = true, Undo = ["nvidia-smi", "-i", card.Index.ToString(CultureInfo.InvariantCulture), "-c", card.ComputeMode == "Prohibited" ? "PROHIBITED" : "EXCLUSIVE_PROCESS"] };
        return scope.Cards.All(card => card.ComputeMode is null) ? Finding.Skip("no card says who may compute on it")
            : closed.Length > 0 ? Finding.Fail("cards are closed to computing", string.Join(", ", closed.Select(CheckScope.NameOf)), "CUDA answers 'all CUDA-capable devices are busy or unavailable'", new Remedy("open them", [.. closed.Select(Open)]))
            : exclusive.Length > 0 ? Finding.Warn("cards take one process at a time", string.Join(", ", exclusive.Select(CheckScope.NameOf)), "a second server, or a tool that measures beside one, is refused", new Remedy("open them to several", [.. exclusive.Select(Open)]))
            : Finding.Pass("the cards may compute for several processes");
    }

    private static Finding Ecc(CheckScope scope)
    {
        GpuDevice[] known = [.. scope.Cards.Where(card => card.Ecc is not null)];
        GpuDevice[] broken = [.. known.Where(card => card.Ecc!.UncorrectedErrors > 0)];
        GpuDevice[] pending = [.. known.Where(card => card.Ecc is { Enabled: { } on, Pending: { } next } && on != next)];
        return known.Length == 0 ? Finding.Skip("no card has memory with error correction")
            : broken.Length > 0 ? Finding.Warn("cards had memory errors that could not be corrected", string.Join("; ", broken.Select(card => $"{CheckScope.NameOf(card)}: {card.Ecc!.UncorrectedErrors}")), "the process that met one was ended, and it comes again: NVIDIA replaces such cards", new Remedy("restart the machine, so that faulty rows are mapped out, and replace the card if it comes again", RemedyText.Run("nvidia-smi", "-q", "-d", "ECC,ROW_REMAPPER")))
            : pending.Length > 0 ? Finding.Warn("a change of ECC waits for a restart", string.Join(", ", pending.Select(CheckScope.NameOf)), "with ECC on, cards without memory of their own for it have about 6 % less: plans change with the restart", new Remedy("restart, then plan again", RemedyText.Reboot))
            : Finding.Pass("no memory errors that could not be corrected", string.Join("; ", known.Select(card => $"GPU {card.Index}: ECC {(card.Ecc!.Enabled == true ? "on" : "off")}")));
    }

    private static Finding Throttling(CheckScope scope)
    {
        string[] held = [.. scope.Cards.Where(card => card.ThrottleReasons?.Intersect(s_badReasons).Any() == true || card.TemperatureCelsius >= Hot)
            .Select(card => $"{CheckScope.NameOf(card)}: {string.Join(", ", card.ThrottleReasons?.Intersect(s_badReasons) ?? [])} at {card.TemperatureCelsius?.ToString(CultureInfo.InvariantCulture) ?? "?"} °C")];
        return scope.Cards.All(card => card.ThrottleReasons is null && card.TemperatureCelsius is null) ? Finding.Skip("no card says what holds its clocks back")
            : held.Length == 0 ? Finding.Pass("neither heat nor power hold the clocks back")
            : Finding.Warn("cards run below their clocks", string.Join("; ", held), "speed is lost, first in long prompts; a power brake means that the supply gives up", "better cooling for heat; for a power brake check cables and supply, or lower the limit: nvidia-smi -pl WATTS");
    }

    private static Finding PowerCap(CheckScope scope)
    {
        GpuDevice[] known = [.. scope.Cards.Where(card => card.PowerLimitWatts is not null && card.PowerRange?.DefaultWatts is > 0)];
        GpuDevice[] low = [.. known.Where(card => card.PowerLimitWatts < card.PowerRange!.DefaultWatts * FarBelowUsual)];
        RemedyCommand Raise(GpuDevice card) => new(["nvidia-smi", "-i", card.Index.ToString(CultureInfo.InvariantCulture), "-pl", RemedyText.Number(card.PowerRange!.DefaultWatts!.Value)]) { NeedsRoot = true, Safe = false, Undo = ["nvidia-smi", "-i", card.Index.ToString(CultureInfo.InvariantCulture), "-pl", RemedyText.Number(card.PowerLimitWatts!.Value)] };
        return known.Length == 0 ? Finding.Skip("no card says what its power limit and the usual one are")
            : low.Length == 0 ? Finding.Pass("power limits are not far below the usual ones", string.Join("; ", known.Select(card => $"GPU {card.Index}: {RemedyText.Number(card.PowerLimitWatts!.Value)} of {RemedyText.Number(card.PowerRange!.DefaultWatts!.Value)} W")))
            : Finding.Warn("the power limit is far below the usual one", string.Join("; ", low.Select(card => $"{CheckScope.NameOf(card)}: {RemedyText.Number(card.PowerLimitWatts!.Value)} of {RemedyText.Number(card.PowerRange!.DefaultWatts!.Value)} W")), "prompts are read slower in proportion; generation, which waits for memory, less so", new Remedy("raise it, if supply and cooling allow", [.. low.Select(Raise)]));
    }

    private static Finding Mig(CheckScope scope)
    {
        string? empty = scope.Topology.Notes.FirstOrDefault(note => note.Contains("MIG", StringComparison.Ordinal) && (note.Contains("no instance", StringComparison.OrdinalIgnoreCase) || note.Contains("has none", StringComparison.OrdinalIgnoreCase)));
        GpuDevice[] parts = [.. scope.Topology.Gpus.Where(gpu => gpu.Mig is not null)];
        return empty is not null ? Finding.Fail("a card is divided (MIG) and has no parts", empty, "CUDA can use parts of a divided card and not the whole", new Remedy("make a part, or switch MIG off", RemedyText.Root("nvidia-smi", "mig", "-cgi", "0", "-C"), RemedyText.Root("nvidia-smi", "-mig", "0"))).WithoutBlocking()
            : parts.Length == 0 ? Finding.Skip("no card is divided (MIG)")
            : scope.Ranks > 1 && scope.Cards.Any(card => card.Mig is not null)
                ? Finding.Fail("parts of divided cards (MIG) cannot work together", string.Join(", ", scope.Cards.Where(card => card.Mig is not null).Select(CheckScope.NameOf)), "NCCL does not work between parts, so that tensor parallelism ends at its start", "use one part, or switch MIG off")
                : Finding.Pass("divided cards (MIG) have parts that can be used", string.Join(", ", parts.Select(gpu => gpu.Mig!.Profile ?? gpu.Name)));
    }

    private static async Task<Finding> XidAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (!scope.Topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Nvidia) || scope.Tools.Find("dmesg") is not { } dmesg)
        {
            return Finding.Skip("no NVIDIA card, or no dmesg");
        }

        Processes.ProcessResult log = await scope.Tools.AskAsync(dmesg, ["--level", "emerg,alert,crit,err,warn", "--notime"], cancellationToken).ConfigureAwait(false);
        string[] errors = [.. log.StandardOutput.Split('\n').Where(line => Xid().IsMatch(line)).Select(line => line.Trim())];
        return log.ExitCode != 0 ? Finding.Skip("the kernel's log may only be read by root")
            : errors.Length == 0 ? Finding.Pass("the driver has reported no errors")
            : Finding.Warn(string.Create(CultureInfo.InvariantCulture, $"the driver has reported {errors.Length} error(s) since the machine started"), string.Join("; ", errors.TakeLast(3)), "48, 63, 64, 74, 79, 94 and 95 are hardware (memory, NVLink, bus); 13, 31 and 43 are mostly programs", "look the numbers up at https://docs.nvidia.com/deploy/xid-errors, and see which process and card they name");
    }

    [GeneratedRegex(@"NVRM: Xid \(")]
    private static partial Regex Xid();
}
