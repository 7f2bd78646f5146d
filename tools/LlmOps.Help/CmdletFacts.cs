namespace LlmOps.Help;

/// <summary>A cmdlet as PowerShell binds it.</summary>
/// <param name="Name"><c>Verb-Noun</c>.</param>
/// <param name="DefaultSet">The parameter set that is taken when none is clear; empty when the cmdlet names none.</param>
/// <param name="SupportsShouldProcess">Whether it has <c>-WhatIf</c> and <c>-Confirm</c>.</param>
/// <param name="Outputs">Simple names of the types that it gives.</param>
/// <param name="Parameters">Its own parameters, by name.</param>
internal sealed record CmdletFacts(
    string Name, string DefaultSet, bool SupportsShouldProcess, IReadOnlyList<TypeFacts> Outputs, IReadOnlyList<ParameterFacts> Parameters)
{
    /// <summary>The parameter sets, the default one first.</summary>
    public IReadOnlyList<string> Sets
    {
        get
        {
            List<string> named = [.. Parameters.SelectMany(parameter => parameter.Sets).Select(set => set.Name).Where(name => name != ParameterSetFacts.All).Distinct()];
            return named.Count == 0 ? [ParameterSetFacts.All] : [.. named.OrderBy(name => name != DefaultSet)];
        }
    }

    /// <summary>Types that the pipeline gives by value.</summary>
    public IEnumerable<TypeFacts> Inputs =>
        Parameters.Where(parameter => parameter.Sets.Any(set => set.FromPipeline)).Select(parameter => parameter.Type.Element).DistinctBy(type => type.Name);
}

/// <summary>A type as help shows it.</summary>
/// <param name="Name">The name that PowerShell people write: <c>int</c>, <c>GpuTopology</c>.</param>
/// <param name="FullName">With its namespace.</param>
/// <param name="IsArray">Whether several are taken.</param>
/// <param name="IsNumber">Whether it is a number, and therefore has a unit.</param>
/// <param name="Choices">The names of an enumeration.</param>
internal sealed record TypeFacts(string Name, string FullName, bool IsArray, bool IsNumber, IReadOnlyList<string> Choices)
{
    /// <summary>One of them.</summary>
    public TypeFacts Element => this with { IsArray = false };

    /// <inheritdoc />
    public override string ToString() => IsArray ? Name + "[]" : Name;
}
