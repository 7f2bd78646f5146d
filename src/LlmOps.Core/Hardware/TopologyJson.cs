using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmOps.Hardware;

/// <summary>How a topology is written as JSON: camelCase, enums as words, nothing for what is unknown.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    Converters = [typeof(GpuVendorConverter), typeof(GpuLinkKindConverter), typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(GpuTopology))]
internal sealed partial class TopologyJson : JsonSerializerContext;

/// <summary>Writes an enum as a word; reads words in any case, and numbers because <c>ConvertTo-Json</c> writes those.</summary>
/// <param name="format">How a value is written.</param>
internal abstract class WordConverter<T>(Func<T, string> format) : JsonConverter<T>
    where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int number) && number >= 0 && number < Enum.GetValues<T>().Length)
        {
            return Enum.GetValues<T>()[number];
        }

        string? word = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return word is not null && TryRead(word, out T value)
            ? value
            : throw new JsonException($"must be one of {string.Join(", ", Enum.GetValues<T>().Select(format))}");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(format(value));

    /// <summary>Reads a word; a derived class may know more words than the enum has.</summary>
    protected virtual bool TryRead(string word, out T value)
    {
        foreach (T candidate in Enum.GetValues<T>())
        {
            if (string.Equals(format(candidate), word, StringComparison.OrdinalIgnoreCase))
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}

/// <summary><c>nvidia</c>, <c>amd</c>, …</summary>
internal sealed class GpuVendorConverter() : WordConverter<GpuVendor>(Name)
{
    /// <summary>How a vendor is written.</summary>
    public static string Name(GpuVendor vendor) => vendor switch
    {
        GpuVendor.Nvidia => "nvidia",
        GpuVendor.Amd => "amd",
        GpuVendor.Intel => "intel",
        GpuVendor.Software => "software",
        _ => "unknown",
    };
}

/// <summary><c>PIX</c>, <c>NVLink</c>, …; nvidia-smi's <c>NV2</c> is read too.</summary>
internal sealed class GpuLinkKindConverter() : WordConverter<GpuLinkKind>(Name)
{
    /// <summary>How a kind of link is written.</summary>
    public static string Name(GpuLinkKind kind) => kind switch
    {
        GpuLinkKind.NVLink => nameof(GpuLinkKind.NVLink),
        GpuLinkKind.PIX => nameof(GpuLinkKind.PIX),
        GpuLinkKind.PXB => nameof(GpuLinkKind.PXB),
        GpuLinkKind.PHB => nameof(GpuLinkKind.PHB),
        GpuLinkKind.NODE => nameof(GpuLinkKind.NODE),
        GpuLinkKind.SYS => nameof(GpuLinkKind.SYS),
        GpuLinkKind.XGMI => nameof(GpuLinkKind.XGMI),
        _ => nameof(GpuLinkKind.Unknown),
    };

    protected override bool TryRead(string word, out GpuLinkKind value)
    {
        bool isCountedNvlink = word.Length > 2 && word.StartsWith("NV", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(word.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out _);
        value = GpuLinkKind.NVLink;
        return isCountedNvlink || base.TryRead(word, out value);
    }
}

/// <summary>A time in UTC with a Z: <c>2026-11-21T09:00:00Z</c>.</summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out DateTimeOffset time)
            ? time
            : throw new JsonException("must be a time like 2026-11-21T09:00:00Z");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
}
