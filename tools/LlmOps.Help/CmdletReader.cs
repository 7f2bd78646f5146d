using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;

namespace LlmOps.Help;

/// <summary>Reads the cmdlets of an assembly, whose references lie beside it.</summary>
/// <remarks>PowerShell itself is not needed: the reference assembly that the cmdlets were compiled against holds the attributes.</remarks>
internal static class CmdletReader
{
    private static readonly Dictionary<string, string> s_shortNames = new(StringComparer.Ordinal)
    {
        ["System.String"] = "string", ["System.Int32"] = "int", ["System.Int64"] = "long", ["System.Double"] = "double", ["System.Boolean"] = "bool",
        ["System.Object"] = "object", ["System.Collections.Hashtable"] = "hashtable", ["System.Management.Automation.SwitchParameter"] = "switch",
    };

    public static IReadOnlyList<CmdletFacts> Read(string assemblyPath)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(assemblyPath))!;
        AssemblyLoadContext context = new("cmdlets");
        context.Resolving += (_, name) =>
            Path.Combine(folder, name.Name + ".dll") is var file && File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        Assembly assembly = context.LoadFromAssemblyPath(Path.GetFullPath(assemblyPath));
        return
        [
            .. assembly.GetExportedTypes()
                .Where(type => !type.IsAbstract && Find(type, "CmdletAttribute") is not null)
                .Select(Cmdlet)
                .OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal),
        ];
    }

    private static CmdletFacts Cmdlet(Type type)
    {
        CustomAttributeData cmdlet = Find(type, "CmdletAttribute")!;
        object? instance = Activator.CreateInstance(type);
        return new CmdletFacts(
            $"{cmdlet.ConstructorArguments[0].Value}-{cmdlet.ConstructorArguments[1].Value}",
            Named(cmdlet, "DefaultParameterSetName") as string ?? string.Empty,
            Named(cmdlet, "SupportsShouldProcess") is true,
            [
                .. All(type, "OutputTypeAttribute")
                    .SelectMany(attribute => Flatten(attribute.ConstructorArguments))
                    .OfType<Type>().Where(output => output != typeof(void))
                    .Select(Describe).DistinctBy(output => output.Name),
            ],
            [
                .. type.GetProperties()
                    .Where(property => Find(property, "ParameterAttribute") is not null)
                    .Select(property => Parameter(property, instance))
                    .OrderBy(parameter => parameter.Name, StringComparer.Ordinal),
            ]);
    }

    private static ParameterFacts Parameter(PropertyInfo property, object? instance)
    {
        TypeFacts type = Describe(property.PropertyType);
        string[] listed = [.. Flatten(Find(property, "ValidateSetAttribute")?.ConstructorArguments ?? []).OfType<string>()];
        return new ParameterFacts(
            property.Name,
            type,
            [.. Flatten(Find(property, "AliasAttribute")?.ConstructorArguments ?? []).OfType<string>()],
            listed.Length > 0 ? listed : type.Choices,
            Find(property, "SupportsWildcardsAttribute") is not null,
            TextOf(property.GetValue(instance)),
            [.. All(property, "ParameterAttribute").Select(Set)]);
    }

    private static ParameterSetFacts Set(CustomAttributeData attribute) => new(
        Named(attribute, "ParameterSetName") as string ?? ParameterSetFacts.All,
        Named(attribute, "Mandatory") is true,
        Named(attribute, "Position") is int position && position >= 0 ? position : null,
        Named(attribute, "ValueFromPipeline") is true,
        Named(attribute, "ValueFromPipelineByPropertyName") is true);

    // Zero, false, nothing and "as many as there can be" are what a parameter without a default of its own holds.
    private static string? TextOf(object? value) => value switch
    {
        null or "" or false or 0 or 0L or 0.0 or int.MaxValue => null,
        string text => text,
        Enum choice => Convert.ToInt32(choice, CultureInfo.InvariantCulture) == 0 && choice.ToString() == "None" ? null : choice.ToString(),
        IEnumerable list => string.Join(", ", list.Cast<object?>().Select(TextOf)) is { Length: > 0 } items ? items : null,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static TypeFacts Describe(Type type)
    {
        bool isArray = type.IsArray;
        Type element = isArray ? type.GetElementType()! : type;
        element = Nullable.GetUnderlyingType(element) ?? element;
        string fullName = element.FullName ?? element.Name;
        return new TypeFacts(
            s_shortNames.TryGetValue(fullName, out string? name) ? name : element.Name,
            fullName,
            isArray,
            element.IsPrimitive && element != typeof(bool) && element != typeof(char),
            element.IsEnum ? Enum.GetNames(element) : []);
    }

    private static IEnumerable<object?> Flatten(IEnumerable<CustomAttributeTypedArgument> arguments) => arguments.SelectMany(argument =>
        argument.Value is IEnumerable<CustomAttributeTypedArgument> several ? Flatten(several) : [argument.Value]);

    private static CustomAttributeData? Find(MemberInfo member, string attribute) => All(member, attribute).FirstOrDefault();

    // By name, because this program and the cmdlets need not have loaded the same attribute.
    private static IEnumerable<CustomAttributeData> All(MemberInfo member, string attribute)
    {
        try
        {
            return [.. member.GetCustomAttributesData().Where(data => data.AttributeType.Name == attribute)];
        }
        catch (FileNotFoundException missing)
        {
            throw new FileNotFoundException($"{missing.FileName} is not beside the assembly; build LlmOps.PowerShell again.", missing.FileName, missing);
        }
    }

    private static object? Named(CustomAttributeData attribute, string name) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.MemberName == name).TypedValue.Value;
}
