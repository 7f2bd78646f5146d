using LlmOps.Benchmarking.Observation;

namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>A GPU held its clocks down for heat or power.</summary>
internal sealed class Throttling : ICauseRule
{
    private const double LeastShare = 0.1;

    /// <summary>NVML's names of reasons, and what helps.</summary>
    private static readonly Dictionary<string, (string Why, string Remedy)> s_reasons = new(StringComparer.Ordinal)
    {
        ["SwPowerCap"] = ("its power limit", "Raise the power limit (nvidia-smi -pl) when supply and cooling allow."),
        ["HwSlowdown"] = ("heat or power, by the hardware", "Look at cooling and power cables: the hardware itself stepped in."),
        ["SwThermalSlowdown"] = ("heat", "Improve the cooling: fans, air flow, distance between cards."),
        ["HwThermalSlowdown"] = ("heat, by the hardware", "Improve the cooling: the hardware itself stepped in."),
        ["HwPowerBrakeSlowdown"] = ("the power supply's brake signal", "The power supply cannot feed the cards; lower their power limits or replace it."),
    };

    public LikelyCause? Look(JudgedPoint point)
    {
        foreach (GpuLoadFigures gpu in point.Seen.Gpus)
        {
            foreach ((string reason, double share) in gpu.Throttling.OrderByDescending(reason => reason.Value))
            {
                if (share >= LeastShare && s_reasons.TryGetValue(reason, out (string Why, string Remedy) known))
                {
                    string heat = gpu.PeakTemperatureCelsius is { } celsius ? CauseText.Of($" (at most {celsius} °C)") : "";
                    return new LikelyCause("throttling", CauseText.Of($"GPU {gpu.Index} held its clocks down {share:P0} of the time for {known.Why}{heat}"), null, known.Remedy);
                }
            }
        }

        return null;
    }
}
