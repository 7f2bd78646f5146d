using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>Makes live objects of those that came out of a job or a remote session.</summary>
public sealed class RevivingConverter : PSTypeConverter
{
    /// <inheritdoc />
    public override bool CanConvertFrom(PSObject sourceValue, Type destinationType) => TextOf(sourceValue, destinationType) is not null;

    /// <inheritdoc />
    public override bool CanConvertFrom(object sourceValue, Type destinationType) =>
        sourceValue is PSObject wrapped && CanConvertFrom(wrapped, destinationType);

    /// <inheritdoc />
    public override object ConvertFrom(PSObject sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        Revival.Revive(
            TextOf(sourceValue, destinationType) ?? throw new PSInvalidCastException($"The object cannot become a {destinationType?.Name}."),
            destinationType);

    /// <inheritdoc />
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        ConvertFrom(PSObject.AsPSObject(sourceValue), destinationType, formatProvider, ignoreCase);

    /// <inheritdoc />
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc />
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException($"The object cannot become a {destinationType?.Name}.");

    private static string? TextOf(PSObject source, Type type) =>
        source is not null && source.TypeNames.Contains("Deserialized." + type?.FullName)
            ? source.Properties[Revival.PropertyName]?.Value as string
            : null;
}
