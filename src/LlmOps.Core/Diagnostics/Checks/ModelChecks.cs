using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Vllm;
using LlmOps.Models;
using LlmOps.Models.Templates;

namespace LlmOps.Diagnostics.Checks;

/// <summary>The model: whole, fit for the engine, and fit for its clients.</summary>
internal static class ModelChecks
{
    private static readonly string[] s_usualRoles = ["system", "user", "assistant"];

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("model.complete", "all files of the model are there, readable and of the right size", Complete),
        Check.OfFacts("model.byte-order", "the model's numbers are in this processor's order", ByteOrder),
        Check.OfFacts("model.tokenizer", "a model folder has its tokenizer", Tokenizer),
        Check.OfFacts("model.template", "the model carries a chat template, or the configuration names one", Template),
        Check.OfFacts("model.roles", "the chat template accepts the roles that clients send (-Role)", Roles),
        Check.OfFacts("model.context", "the context that is asked for is one that the model was trained for", Context),
        Check.OfFacts("model.next-token-layers", "a model that is to draft its own tokens has the layers for it (MTP)", NextTokenLayers),
        Check.OfFacts("model.companions", "the files that the configuration names beside the model are there", Companions),
        Check.OfFacts("model.fits", "the plan has room", Fits),
    ];

    private static Finding Complete(CheckScope scope) =>
        scope.Context.ModelProblem is { } problem ? Finding.Fail("the model cannot be read", problem, "an engine stops at the first file that is missing, cut short or of another kind", "mend what it says, or download it again")
        : scope.Model is not { } model ? Finding.Skip(scope.NoModel)
        : model.Defects.Count > 0 ? Finding.Fail("the model is incomplete", string.Join("; ", model.Defects.Take(5)), "an engine stops at the first tensor that is missing or cut short, after minutes of loading", "download what is missing again")
        : Finding.Pass("the model's files are there and whole", $"{model.Architecture}, {model.Quantization}, {Bytes.Format(model.SizeBytes)} in {model.Files.Count} file(s)");

    private static Finding ByteOrder(CheckScope scope) =>
        scope.Model is not { } model ? Finding.Skip(scope.NoModel)
        : !model.IsBigEndian ? Finding.Pass("the model's numbers are in this processor's order")
        : Finding.Fail("the model's numbers are big-endian", model.Path, "engines on x86 and ARM refuse it", "take the usual, little-endian file, or convert it: gguf-py/gguf/scripts/gguf_convert_endian.py of llama.cpp");

    private static Finding Tokenizer(CheckScope scope) =>
        scope.Model is not { } model ? Finding.Skip(scope.NoModel)
        : model.Format != ModelFormat.Safetensors ? Finding.Skip("a GGUF file has its tokenizer in it")
        : model.TokenizerSize is { } size ? Finding.Pass("the model's tokenizer is there", $"{size} tokens")
        : !Directory.Exists(model.Path) ? Finding.Skip("the model's folder is not here")
        : Directory.EnumerateFiles(model.Path, "token*").Any() || Directory.EnumerateFiles(model.Path, "*.model").Any() || Directory.EnumerateFiles(model.Path, "tekken*").Any() ? Finding.Pass("a tokenizer is there", model.Path)
        : Finding.Fail("the model's folder has no tokenizer", $"no tokenizer.json, tokenizer.model or tekken.json in {model.Path}", "vLLM ends after loading: 'Can't load tokenizer'", "download the tokenizer's files too (tokenizer.json, tokenizer_config.json)");

    private static string? NamedTemplate(CheckScope scope) => scope.Config?.Options.Get(scope.Config.Engine == EngineNames.Vllm ? VllmOptions.ChatTemplateFile : LlamaCppOptions.ChatTemplateFile);

    private static Finding Template(CheckScope scope) =>
        scope.Model is not { } model ? Finding.Skip(scope.NoModel)
        : NamedTemplate(scope) is { } named ? Finding.Pass("the configuration names a chat template", named)
        : model.ChatTemplate.Present ? Finding.Pass("the model carries a chat template", $"roles: {string.Join(", ", model.ChatTemplate.Roles)}")
        : Finding.Warn("the model carries no chat template", model.Path, scope.IsVllm ? "vLLM refuses chat requests without one" : "the engine guesses one, and a wrong one makes answers worse", "name one with chatTemplateFile, or use the model for completions only");

    private static Finding Roles(CheckScope scope)
    {
        string? text = NamedTemplate(scope) is { } named ? File.Exists(named) ? File.ReadAllText(named) : null
            : scope.Model is { ChatTemplate.Present: true } model && (File.Exists(model.Path) || Directory.Exists(model.Path)) ? ModelReader.ReadChatTemplate(model.Path) : null;
        if (text is null)
        {
            return Finding.Skip("there is no chat template to look at");
        }

        IReadOnlyList<ChatTemplateFinding> findings = ChatTemplateAnalysis.Read(text);
        string[] wanted = [.. s_usualRoles.Concat(scope.Context.Roles).Distinct(StringComparer.Ordinal)];
        ChatTemplateFinding[] refused = [.. findings.Where(finding => wanted.Contains(finding.Role) && finding.Status is TemplateRoleStatus.Refused or TemplateRoleStatus.Ignored && wanted.Contains(finding.Role) && (finding.Status == TemplateRoleStatus.Refused || scope.Context.Roles.Contains(finding.Role)))];
        string others = string.Join(", ", findings.Where(finding => !wanted.Contains(finding.Role) && finding.Status == TemplateRoleStatus.Refused).Select(finding => finding.Role));
        bool developer = refused.Any(finding => finding.Role == "developer");
        return refused.Length == 0
            ? Finding.Pass($"the chat template accepts {string.Join(", ", wanted)}", others.Length == 0 ? null : $"it refuses {others}; name roles that your clients send with -Role (OpenClaw and newer OpenAI clients send developer)")
            : Finding.Fail(
                $"the chat template does not accept {string.Join(", ", refused.Select(finding => finding.Role))}", string.Join("; ", refused.Select(finding => $"{finding.Role}: {finding.Message}{(finding.Line is { } line ? $" (line {line})" : string.Empty)}")),
                "requests with such messages are answered with an error (500, 'Unexpected message role.') or without what they say",
                developer ? new Remedy("make a template that treats developer like system, and name it with chatTemplateFile", new RemedyCommand(["llmops", "template", NamedTemplate(scope) ?? scope.Model!.Path, "--allow-role", "developer", "-o", "template.jinja"]) { Safe = true, Undo = ["rm", "template.jinja"] })
                : refused[0].Remedy ?? "take another template, or have clients send other roles").WithoutBlocking();
    }

    private static Finding Context(CheckScope scope)
    {
        long asked = scope.Config is null ? 0 : scope.Config.Engine == EngineNames.Vllm ? scope.Config.Options.Get(VllmOptions.ContextLength) : scope.Config.Options.Get(LlamaCppOptions.ContextLength);
        long slots = scope.Config is { Engine: EngineNames.LlamaCpp } config && config.Options[LlamaCppOptions.KvUnified.Name] is not true ? Math.Max(1, config.Options.Get(LlamaCppOptions.Parallel)) : 1;
        if (asked == 0 || scope.Model is not { ContextLength: > 0 } model)
        {
            return Finding.Skip("needs a configuration that says its context, and a model that says what it was trained for");
        }

        string evidence = $"{asked / slots} of {model.ContextLength} tokens a request";
        string remedy = $"set contextLength to {model.ContextLength * slots} at most";
        return asked / slots <= model.ContextLength ? Finding.Pass("the model was trained for this context", evidence)
            : !scope.IsVllm ? Finding.Warn("the context is longer than the model was trained for", evidence, "answers become senseless beyond it unless positions are scaled (--rope-scaling yarn)", remedy)
            : VllmOptions.StretchesContext(scope.Config!.ExtraArguments) ? Finding.Pass("the configuration stretches the model's context", evidence)
            : Finding.Fail("the context is longer than the model was trained for", evidence, "vLLM refuses it: 'User-specified max_model_len is greater than the derived max_model_len'", remedy);
    }

    private static Finding NextTokenLayers(CheckScope scope)
    {
        string? wanted = scope.Config?.Options[LlamaCppOptions.Speculation.Name] as string;
        bool isMtp = wanted?.Contains("mtp", StringComparison.OrdinalIgnoreCase) == true;
        return scope.Model is not { } model || !isMtp ? Finding.Skip("no configuration drafts with the model's own layers (MTP)")
            : model.NextTokenLayerCount > 0 ? Finding.Pass("the model has layers that draft (MTP)", $"{model.NextTokenLayerCount}")
            : Finding.Fail(
                "the model has no layers that draft (MTP)", model.DeclaredNextTokenLayerCount > 0 ? $"its metadata announces {model.DeclaredNextTokenLayerCount}, and their tensors are not there" : $"speculation: {wanted}",
                "fine-tunes and many conversions leave them out: drafts are then random, or the server ends ('model doesn't contain MTP layers')", "take a file that has them, or leave speculation out");
    }

    private static Finding Companions(CheckScope scope)
    {
        if (scope.Config is not { } config)
        {
            return Finding.Skip("no configuration was given");
        }

        string[] named = [.. new[] { NamedTemplate(scope), config.Options[LlamaCppOptions.Projector.Name] as string, config.Options[LlamaCppOptions.DraftModel.Name] as string }.OfType<string>()];
        string[] missing = [.. named.Where(path => !File.Exists(path) && !Directory.Exists(path))];
        return named.Length == 0 ? Finding.Skip("the configuration names no files beside the model")
            : missing.Length > 0 && scope.Files is null ? Finding.OtherMachine
            : missing.Length == 0 ? Finding.Pass("the files beside the model are there", string.Join(", ", named))
            : Finding.Fail("files that the configuration names are not there", string.Join(", ", missing), "the engine ends at the first that it cannot open", "correct chatTemplateFile, mmproj or draftModel in the configuration");
    }

    private static Finding Fits(CheckScope scope) =>
        scope.Config is not { } config ? Finding.Skip("no configuration was given")
        : config.Problems.Count == 0 ? Finding.Pass("the plan fits", config.Plan is null ? null : string.Join("; ", config.Plan.Devices.Select(device => $"{device.Name}: {Bytes.Format(device.FreeAfterBytes)} stay free")))
        : Finding.Fail(config.Problems[0].Message, string.Join("; ", config.Problems.Skip(1).Select(other => other.Message)) is { Length: > 0 } others ? others : null, "the server is not started with a plan that does not fit, unless it is forced", config.Problems[0].Remedy);
}
