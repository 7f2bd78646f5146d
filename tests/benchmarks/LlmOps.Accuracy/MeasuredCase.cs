using System.Text.Json;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Accuracy;

/// <summary>MiB of one device in one case, as the engine estimates them.</summary>
internal sealed record MeasuredDevice(string Name, double Model, double Context, double Compute)
{
    public double Total => Model + Context + Compute;
}

/// <summary>One launch and what the engine's own estimate says of it.</summary>
internal sealed record MeasuredCase(int Id, string Model, string Mix, string Architecture, string Flags, bool IsFitTool, IReadOnlyList<double> FreeMiB, int? SchedulerCopies, IReadOnlyList<MeasuredDevice> Devices)
{
    /// <summary>Enough memory on each device that nothing gets in the way.</summary>
    private const double UnlimitedMiB = 262144;

    /// <summary>The cases of a file that the engine did not refuse.</summary>
    public static IReadOnlyList<MeasuredCase> Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Where(item => !item.TryGetProperty("error", out _)).Select(Read)];
    }

    /// <summary>The placement that the flags ask for.</summary>
    public Placement ToPlacement(ModelDescription model)
    {
        Dictionary<string, string?> flags = Parse();
        string? Text(params string[] names) => names.Select(name => flags.GetValueOrDefault(name)).FirstOrDefault(value => value is not null);
        int Number(int otherwise, params string[] names) => Text(names) is { } text ? int.Parse(text) : otherwise;

        PlanDevice[] all = [.. FreeMiB.Select((free, at) => new PlanDevice($"Vulkan{at}", new GpuDevice(), (long)(free * Bytes.MiB), 0))];
        bool single = Text("-sm") == "none";
        bool given = flags.ContainsKey("-np");
        int slots = Number(IsFitTool ? 1 : 4, "-np");
        // Without a number of slots the server takes four with one cache, whatever else is asked for.
        bool unified = flags.ContainsKey("-kvu") || (!given && !IsFitTool);
        long context = Number(0, "-c") is > 0 and int asked ? asked : model.ContextLength;
        if (!unified)
        {
            // The engine rounds each slot's share up.
            context = ((context / slots) + 255) / 256 * 256 * slots;
        }

        int ubatch = Math.Min(Number(512, "-ub"), Number(2048, "-b"));
        return new Placement
        {
            Devices = single ? [all[Number(0, "-mg")]] : all,
            SplitsNothing = single,
            GpuLayers = FreeMiB.Count == 0 ? 0 : Math.Min(Number(int.MaxValue, "-ngl"), model.LayerCount + 1),
            Shares = Text("-ts")?.Split(',').Select(double.Parse).ToArray() ?? [],
            CpuMoeLayers = flags.ContainsKey("-cmoe") ? model.LayerCount : Number(0, "-ncmoe"),
            ContextLength = context,
            Slots = slots,
            Unified = unified,
            TypeK = Text("-ctk") ?? "f16",
            TypeV = Text("-ctv") ?? "f16",
            FlashAttention = Text("-fa") != "off",
            FlashAttentionIsAutomatic = Text("-fa") is null,
            UbatchSize = ubatch,
            BatchSize = Number(2048, "-b"),
            Outputs = IsFitTool ? ubatch : null,
            OffloadsCache = !flags.ContainsKey("-nkvo"),
            OffloadsOperations = !flags.ContainsKey("--no-op-offload"),
            FullWindow = flags.ContainsKey("--swa-full"),
        };
    }

    private Dictionary<string, string?> Parse()
    {
        Dictionary<string, string?> flags = [];
        string[] words = Flags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (int at = 0; at < words.Length; at++)
        {
            bool hasValue = at + 1 < words.Length && (!words[at + 1].StartsWith('-') || char.IsAsciiDigit(words[at + 1].ElementAtOrDefault(1)));
            flags[words[at]] = hasValue ? words[++at] : null;
        }

        return flags;
    }

    private static MeasuredCase Read(JsonElement item)
    {
        int count = item.GetProperty("n_devices").GetInt32();
        JsonElement free = item.GetProperty("free_mib");
        JsonElement info = item.GetProperty("info");
        List<MeasuredDevice> devices = [];
        foreach (JsonProperty device in item.GetProperty("devices").EnumerateObject().Where(device => device.Name != "CPU_REPACK"))
        {
            devices.Add(new MeasuredDevice(device.Name, Exact(device.Value, "model"), Exact(device.Value, "context"), Exact(device.Value, "compute")));
        }

        return new MeasuredCase(
            item.GetProperty("id").GetInt32(),
            item.GetProperty("model").GetString()!,
            item.GetProperty("mix").GetString()!,
            item.GetProperty("arch").GetString()!,
            item.GetProperty("flags").GetString()!,
            item.GetProperty("tool").GetString() == "fit",
            free.ValueKind == JsonValueKind.Array ? [.. free.EnumerateArray().Select(value => value.GetDouble())] : [.. Enumerable.Repeat(UnlimitedMiB, count)],
            info.TryGetProperty("sched_copies", out JsonElement copies) ? copies.GetInt32() : null,
            devices);
    }

    private static double Exact(JsonElement device, string name) =>
        device.GetProperty(name + "_exact") is { ValueKind: JsonValueKind.Number } exact ? exact.GetDouble() : device.GetProperty(name).GetDouble();
}
