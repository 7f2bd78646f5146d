namespace LlmOps.Help;

/// <summary>A parameter of a cmdlet.</summary>
/// <param name="Name">Without the dash.</param>
/// <param name="Type">What it takes.</param>
/// <param name="Aliases">Its other names.</param>
/// <param name="Choices">The values that it takes, where they are listed.</param>
/// <param name="Wildcards">Whether wildcards are understood.</param>
/// <param name="Default">The value that it has when it is not given, as text; null when the code leaves it open.</param>
/// <param name="Sets">How it takes part in parameter sets.</param>
internal sealed record ParameterFacts(
    string Name, TypeFacts Type, IReadOnlyList<string> Aliases, IReadOnlyList<string> Choices, bool Wildcards, string? Default, IReadOnlyList<ParameterSetFacts> Sets)
{
    /// <summary>A parameter without a value.</summary>
    public bool IsSwitch => Type.Name == "switch";

    /// <summary>Whether it must be given where it is allowed.</summary>
    public bool IsMandatory => Sets.Any(set => set.Mandatory);

    /// <summary>How it takes part in a set; null when it does not.</summary>
    public ParameterSetFacts? In(string set) => Sets.FirstOrDefault(facts => facts.Name == set) ?? Sets.FirstOrDefault(facts => facts.Name == ParameterSetFacts.All);
}

/// <summary>How a parameter takes part in a parameter set.</summary>
/// <param name="Name">The set's name; <see cref="All"/> for every set.</param>
/// <param name="Mandatory">Whether it must be given.</param>
/// <param name="Position">From 0 on; null when it must be named.</param>
/// <param name="FromPipeline">Whether objects of the pipeline are taken whole.</param>
/// <param name="FromProperty">Whether a property of the pipeline's objects is taken.</param>
internal sealed record ParameterSetFacts(string Name, bool Mandatory, int? Position, bool FromPipeline, bool FromProperty)
{
    /// <summary>What PowerShell calls all parameter sets.</summary>
    public const string All = "__AllParameterSets";
}
