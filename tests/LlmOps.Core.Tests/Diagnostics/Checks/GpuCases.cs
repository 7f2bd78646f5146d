using LlmOps.Configuration;
using LlmOps.Hardware;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of GPUs.</summary>
internal static class GpuCases
{
    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("gpu.present", "2 GPU(s) found", machine => machine.Cards(2)),
        Warn("gpu.present", "on the processor", _ => { }),
        Fail("gpu.present", "wanted: CUDA0", machine => { machine.Cards(1); machine.Plan(); machine.Topology = machine.Topology with { Gpus = [] }; }),
        Skip("gpu.present", "computes on the processor", machine => machine.Plan()),
        Skip("gpu.memory-held", "no GPU", _ => { }),

        Pass("gpu.lost", "every card answers", machine => machine.Cards(1)),
        Fail("gpu.lost", "fallen off the bus", machine => machine.Topology = machine.Topology with { Notes = ["GPU 1: the GPU has fallen off the bus; power the machine off and check its seating and power cables"] }),
        Skip("gpu.lost", "no GPU", _ => { }),

        Pass("gpu.memory-held", "no other process", machine => machine.Cards(1)),
        Warn("gpu.memory-held", "kill 9497", machine => machine.Cards(1, change: card => card with { MemoryFreeBytes = 11 * CheckMachine.GiB, Processes = [new GpuProcess(9497, "VLLM::Worker_TP0", 12 * CheckMachine.GiB)] })),

        Pass("gpu.visible", "no variable hides a card", machine => machine.Cards(2)),
        Pass("gpu.visible", "CUDA_VISIBLE_DEVICES=0", machine => { machine.Cards(2); machine.Variables["CUDA_VISIBLE_DEVICES"] = "0"; }),
        Fail("gpu.visible", "every card is hidden", machine => { machine.Cards(2); machine.Variables["CUDA_VISIBLE_DEVICES"] = "-1"; }),
        Fail("gpu.visible", "hides GPU 1", machine => { machine.Cards(2); machine.Plan(); machine.Variables["CUDA_VISIBLE_DEVICES"] = "0"; }),
        Warn("gpu.visible", "CUDA_VISIBLE_DEVICES=0,7", machine => { machine.Cards(2); machine.Variables["CUDA_VISIBLE_DEVICES"] = "0,7"; }),
        Skip("gpu.visible", "no GPU", _ => { }),

        Pass("gpu.order", "as nvidia-smi does", machine => { machine.Cards(2); machine.Variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"; }),
        Pass("gpu.order", "not chosen by number", Mixed),
        Warn("gpu.order", "0 of nvidia-smi, 1 of CUDA", machine => { Mixed(machine); machine.Variables["CUDA_VISIBLE_DEVICES"] = "1"; }),
        Skip("gpu.order", "fewer than two", machine => machine.Cards(1)),

        Pass("gpu.compute-mode", "several processes", machine => machine.Cards(1, change: card => card with { ComputeMode = "Default" })),
        Warn("gpu.compute-mode", "one process", machine => machine.Cards(1, change: card => card with { ComputeMode = "ExclusiveProcess" })),
        Fail("gpu.compute-mode", "nvidia-smi -i 0 -c DEFAULT", machine => machine.Cards(1, change: card => card with { ComputeMode = "Prohibited" })),
        Skip("gpu.compute-mode", "no card says", machine => machine.Cards(1)),

        Pass("gpu.ecc", "ECC on", machine => machine.Cards(1, change: card => card with { Ecc = new GpuEcc { Enabled = true, Pending = true, UncorrectedErrors = 0 } })),
        Warn("gpu.ecc", "could not be corrected", machine => machine.Cards(1, change: card => card with { Ecc = new GpuEcc { Enabled = true, Pending = true, UncorrectedErrors = 3 } })),
        Warn("gpu.ecc", "waits for a restart", machine => machine.Cards(1, change: card => card with { Ecc = new GpuEcc { Enabled = false, Pending = true } })),
        Skip("gpu.ecc", "no card has memory", machine => machine.Cards(1)),

        Pass("gpu.throttling", "neither heat nor power", machine => machine.Cards(1, change: card => card with { ThrottleReasons = ["GpuIdle"], TemperatureCelsius = 38 })),
        Warn("gpu.throttling", "HwThermalSlowdown at 92", machine => machine.Cards(1, change: card => card with { ThrottleReasons = ["HwThermalSlowdown"], TemperatureCelsius = 92 })),
        Skip("gpu.throttling", "no card says", machine => machine.Cards(1)),

        Pass("gpu.power-cap", "300 of 350 W", machine => machine.Cards(1, change: card => card with { PowerLimitWatts = 300, PowerRange = new GpuPowerRange { DefaultWatts = 350 } })),
        Warn("gpu.power-cap", "nvidia-smi -i 0 -pl 350", machine => machine.Cards(1, change: card => card with { PowerLimitWatts = 150, PowerRange = new GpuPowerRange { DefaultWatts = 350 } })),
        Skip("gpu.power-cap", "no card says", machine => machine.Cards(1)),

        Pass("gpu.mig", "3g.20gb", machine => machine.Cards(1, change: card => card with { Mig = new MigInstance { Profile = "3g.20gb" } })),
        Fail("gpu.mig", "has no parts", machine => { machine.Cards(1); machine.Topology = machine.Topology with { Notes = ["GPU 0 is divided (MIG) but has no instances, so nothing can use it; make some with 'nvidia-smi mig -cgi PROFILE -C'."] }; }),
        Fail("gpu.mig", "cannot work together", machine => { machine.Cards(2, change: card => card with { Mig = new MigInstance { Profile = "3g.20gb" } }); machine.Plan(EngineNames.Vllm, ("tensorParallel", 2L)); }),
        Skip("gpu.mig", "no card is divided", machine => machine.Cards(1)),

        Pass("gpu.xid", "no errors", machine => { machine.Cards(1); machine.Program("dmesg", "usb 1-1: new device"); }),
        Warn("gpu.xid", "Xid (PCI:0000:01:00): 79", machine => { machine.Cards(1); machine.Program("dmesg", "NVRM: Xid (PCI:0000:01:00): 79, pid=1234, GPU has fallen off the bus."); }),
        Skip("gpu.xid", "only be read by root", machine => { machine.Cards(1); machine.Program("dmesg", exitCode: 1); }),
    ];

    private static void Mixed(CheckMachine machine)
    {
        machine.Cards(2);
        machine.Topology = machine.Topology with
        {
            Gpus = [machine.Topology.Gpus[0] with { Name = "NVIDIA GeForce RTX 3060", CudaIndexFastestFirst = 1 }, machine.Topology.Gpus[1] with { Name = "NVIDIA GeForce RTX 4090", CudaIndexFastestFirst = 0 }],
        };
    }
}
