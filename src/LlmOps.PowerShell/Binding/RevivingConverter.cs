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
            RealType(sourceValue, destinationType)!);

    /// <inheritdoc />
    public override object ConvertFrom(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        ConvertFrom(PSObject.AsPSObject(sourceValue), destinationType, formatProvider, ignoreCase);

    /// <inheritdoc />
    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    /// <inheritdoc />
    public override object ConvertTo(object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new PSInvalidCastException($"The object cannot become a {destinationType?.Name}.");

    private static string? TextOf(PSObject? source, Type? type) =>
        RealType(source, type) is null ? null : source!.Properties[Revival.PropertyName]?.Value as string;

    // The type that the object was of; null when it cannot become what is wanted. Names come with the most derived one first.
    private static Type? RealType(PSObject? source, Type? wanted) => (
        from name in source?.TypeNames ?? []
        from type in Revival.Types
        where name == "Deserialized." + type.FullName && (wanted == typeof(RevivedObject) || type.IsAssignableTo(wanted))
        select type).FirstOrDefault();
}
