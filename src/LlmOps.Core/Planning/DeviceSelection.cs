using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Planning;

/// <summary>Selects the chosen GPUs by stable identity and names them as the engine will.</summary>
internal static class DeviceSelection
{
    /// <summary>Notes why variables select the GPUs.</summary>
    public static void Explain(IReadOnlyDictionary<string, string> environment, DecisionLog log)
    {
        if (environment.TryGetValue("CUDA_VISIBLE_DEVICES", out string? devices))
        {
            log.Add("environment", devices, "GPUs are named by UUID, since their numbers change with drivers and slots; the engine then counts them from 0", ["indexes: CUDA counts the fastest card first, nvidia-smi the first slot"]);
        }
    }

    /// <summary>The devices, the variables that select them, and the choice with the names that result.</summary>
    public static (IReadOnlyList<ConfigDevice> Devices, Dictionary<string, string> Environment, PlacementChoice Choice) Name(PlacementChoice choice)
    {
        IReadOnlyList<PlanDevice> chosen = choice.Placement.Devices;
        Dictionary<string, string> environment = [];
        PlanDevice[] here = [.. chosen.Where(device => device.Host is null)];
        bool byUuid = here.Length > 0 && here.All(device => device.Gpu is { Vendor: GpuVendor.Nvidia, Uuid: not null });
        if (byUuid)
        {
            Select(environment, here);
        }

        // The engine counts the devices of rpc-servers over all of them, in the order in which it is told the servers.
        int remotes = 0;
        int locals = 0;
        string[] names = [.. chosen.Select(device => device.Host is not null ? "RPC" + Number(remotes++) : byUuid ? "CUDA" + Number(locals++) : device.Name)];
        PlacementChoice named = choice with
        {
            Placement = choice.Placement with { Devices = [.. chosen.Select((device, at) => device with { Name = names[at] })] },
            Memory = choice.Memory with { Devices = [.. choice.Memory.Devices.Select((device, at) => device with { Name = names[at] })] },
        };
        return ([.. chosen.Select((device, at) => new ConfigDevice { Name = names[at], Index = device.Gpu.Index, Uuid = device.Gpu.Uuid, Host = device.Host?.Name })], environment, named);
    }

    /// <summary>Adds the variables that make CUDA show just these GPUs, in this order.</summary>
    /// <remarks>CUDA numbers the fastest card first unless told otherwise; UUIDs and bus order make the choice stable.</remarks>
    public static void Select(Dictionary<string, string> environment, IEnumerable<PlanDevice> devices)
    {
        environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
        environment["CUDA_VISIBLE_DEVICES"] = string.Join(',', devices.Select(device => device.Gpu.Uuid));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
