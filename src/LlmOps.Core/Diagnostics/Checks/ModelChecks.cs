namespace LlmOps.Diagnostics.Checks;

/// <summary>The model: whole, fit for the engine, and fit for its clients.</summary>
internal static class ModelChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("model.complete", "all files of the model are there, readable and of the right size", Complete),
        Check.OfFacts("model.template", "the model carries a chat template", Template),
        Check.OfFacts("model.fits", "the plan has room", Fits),
    ];

    private static Finding Complete(CheckScope scope) =>
        scope.Context.ModelProblem is { } problem ? Finding.Fail("the model cannot be read", problem, "an engine stops at the first file that is missing, cut short or of another kind", "mend what it says, or download it again")
        : scope.Model is not { } model ? Finding.Skip("no model was named")
        : model.Defects.Count > 0 ? Finding.Fail("the model is incomplete", string.Join("; ", model.Defects.Take(5)), "an engine stops at the first tensor that is missing or cut short, after minutes of loading", "download what is missing again")
        : Finding.Pass("the model's files are there and whole", $"{model.Architecture}, {model.Quantization}, {Bytes.Format(model.SizeBytes)} in {model.Files.Count} file(s)");

    private static Finding Template(CheckScope scope) =>
        scope.Model is not { } model ? Finding.Skip("no model was named")
        : model.ChatTemplate.Present ? Finding.Pass("the model carries a chat template", $"roles: {string.Join(", ", model.ChatTemplate.Roles)}")
        : Finding.Warn("the model carries no chat template", model.Path, scope.IsVllm ? "vLLM refuses chat requests without one" : "the engine guesses one, and a wrong one makes answers worse", "name one with chatTemplateFile, or use the model for completions only");

    private static Finding Fits(CheckScope scope) =>
        scope.Config is not { } config ? Finding.Skip("no configuration was given")
        : config.Problems.Count == 0 ? Finding.Pass("the plan fits", config.Plan is null ? null : string.Join("; ", config.Plan.Devices.Select(device => $"{device.Name}: {Bytes.Format(device.FreeAfterBytes)} stay free")))
        : Finding.Fail(config.Problems[0].Message, string.Join("; ", config.Problems.Skip(1).Select(other => other.Message)) is { Length: > 0 } others ? others : null, "the server is not started with a plan that does not fit, unless it is forced", config.Problems[0].Remedy);
}
