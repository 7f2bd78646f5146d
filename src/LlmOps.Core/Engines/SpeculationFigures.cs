using System.Text.Json;

namespace LlmOps.Engines;

/// <summary>How well an engine guessed tokens ahead in a span of some seconds, as its log says.</summary>
public sealed record SpeculationFigures
{
    /// <summary>Tokens of one step on average: the accepted ones and the one that the model itself adds.</summary>
    public double MeanAcceptanceLength { get; init; }

    /// <summary>Guessed tokens that were right, a second.</summary>
    public double AcceptedTokensPerSecond { get; init; }

    /// <summary>Guessed tokens, a second.</summary>
    public double DraftedTokensPerSecond { get; init; }

    /// <summary>Share of guessed tokens that were right, 0 to 1.</summary>
    public double AcceptanceRate { get; init; }

    /// <summary>That share for the first guessed position, the second, and so on.</summary>
    public IReadOnlyList<double> PositionAcceptanceRates { get; init; } = [];

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("meanAcceptanceLength", MeanAcceptanceLength);
        json.WriteNumber("acceptedTokensPerSecond", AcceptedTokensPerSecond);
        json.WriteNumber("draftedTokensPerSecond", DraftedTokensPerSecond);
        json.WriteNumber("acceptanceRate", AcceptanceRate);
        json.WriteStartArray("positionAcceptanceRates");
        foreach (double rate in PositionAcceptanceRates)
        {
            json.WriteNumberValue(rate);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal static SpeculationFigures Read(JsonElement json) => new()
    {
        MeanAcceptanceLength = json.GetProperty("meanAcceptanceLength").GetDouble(),
        AcceptedTokensPerSecond = json.GetProperty("acceptedTokensPerSecond").GetDouble(),
        DraftedTokensPerSecond = json.GetProperty("draftedTokensPerSecond").GetDouble(),
        AcceptanceRate = json.GetProperty("acceptanceRate").GetDouble(),
        PositionAcceptanceRates = [.. json.GetProperty("positionAcceptanceRates").EnumerateArray().Select(rate => rate.GetDouble())],
    };
}
