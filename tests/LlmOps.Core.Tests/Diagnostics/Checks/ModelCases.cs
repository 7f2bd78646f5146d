using LlmOps.Configuration;
using LlmOps.Models;
using LlmOps.Planning;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Models for the checks of models.</summary>
internal static class ModelCases
{
    private const string Plain = "{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}{% elif message.role == 'user' %}{{ message.content }}{% elif message.role == 'assistant' %}{{ message.content }}{% else %}{{ raise_exception('Unexpected message role.') }}{% endif %}{% endfor %}";

    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("model.complete", "AWQ, 19.0 GiB", machine => machine.Model = KernelCases.Quantized("awq")),
        Fail("model.complete", "cut short", machine => machine.Model = KernelCases.Quantized("awq") with { Defects = ["model-00002-of-00002.safetensors: the file is cut short: 4096 bytes of its tensors are missing"] }),
        Fail("model.complete", "no GGUF file", machine => machine.ModelProblem = "/models/model.gguf: this is no GGUF file but an HTML page"),
        Skip("model.complete", "no model", _ => { }),

        Pass("model.byte-order", "this processor's order", machine => machine.Model = KernelCases.Quantized("awq")),
        Fail("model.byte-order", "big-endian", machine => machine.Model = KernelCases.Quantized("awq") with { IsBigEndian = true }),
        Skip("model.byte-order", "no model", _ => { }),

        Pass("model.tokenizer", "151936 tokens", machine => machine.Model = KernelCases.Quantized("awq") with { TokenizerSize = 151936 }),
        Pass("model.tokenizer", "a tokenizer is there", machine => Folder(machine, "tokenizer.model")),
        Fail("model.tokenizer", "no tokenizer.json", machine => Folder(machine, "config.json")),
        Skip("model.tokenizer", "no model was named", _ => { }),
        Skip("model.tokenizer", "a GGUF file has its tokenizer", machine => machine.Model = EngineCases.Gguf("llama")),
        Skip("model.byte-order", "cannot be read", machine => machine.ModelProblem = "cut short"),
        Skip("model.template", "the model is not here", machine => { machine.IsOther = true; machine.Plan(); }),
        Skip("model.companions", "only its topology", machine => { machine.IsOther = true; machine.Plan(options: ("chatTemplateFile", "/there/developer.jinja")); }),
        Skip("network.proxy", "only its topology", machine => machine.IsOther = true),

        Pass("model.template", "roles: system, user", machine => machine.Model = KernelCases.Quantized("awq") with { ChatTemplate = new ChatTemplateInfo(true, ["system", "user"]) }),
        Pass("model.template", "the configuration names", machine => { machine.Model = KernelCases.Quantized("awq"); machine.Plan(options: ("chatTemplateFile", "/models/edited.jinja")); }),
        Warn("model.template", "carries no chat template", machine => machine.Model = KernelCases.Quantized("awq")),
        Skip("model.template", "no model", _ => { }),

        Pass("model.roles", "it refuses developer, tool", machine => Template(machine, Plain)),
        Fail("model.roles", "--allow-role developer", machine => { Template(machine, Plain); machine.Roles = ["developer"]; }),
        Fail("model.roles", "does not accept system", machine => Template(machine, Plain.Replace("'system'", "'instruction'", StringComparison.Ordinal))),
        Skip("model.roles", "no chat template", _ => { }),

        Pass("model.context", "32768 of 32768", machine => Asked(machine, 32768)),
        Pass("model.context", "16384 of 32768", machine => { Asked(machine, 65536); machine.Config = machine.Config! with { Options = machine.Config.Options.With("parallel", 4L) }; }),
        Warn("model.context", "set contextLength to 32768", machine => Asked(machine, 131072)),
        Fail("model.context", "set contextLength to 32768", machine => { machine.Vllm(); machine.Model = KernelCases.Quantized("awq") with { ContextLength = 32768 }; machine.Plan(EngineNames.Vllm, ("contextLength", 65536L)); }),
        Pass("model.context", "stretches", machine => { machine.Vllm(); machine.Model = KernelCases.Quantized("awq") with { ContextLength = 32768 }; machine.Plan(EngineNames.Vllm, ("contextLength", 65536L)); machine.Config = machine.Config! with { ExtraArguments = ["--hf-overrides", "{}"] }; }),
        Skip("model.context", "needs a configuration", _ => { }),

        Pass("model.next-token-layers", "has layers", machine => Drafting(machine, 1)),
        Fail("model.next-token-layers", "announces 1", machine => Drafting(machine, 0)),
        Skip("model.next-token-layers", "no configuration drafts", _ => { }),

        Pass("model.companions", "template.jinja", machine => { machine.Files.Write("/models/template.jinja", Plain); machine.Plan(options: ("chatTemplateFile", machine.Files.Locate("/models/template.jinja"))); }),
        Fail("model.companions", "/models/gone.gguf", machine => machine.Plan(options: ("mmproj", "/models/gone.gguf"))),
        Skip("model.companions", "no configuration", _ => { }),

        Pass("model.fits", "the plan fits", machine => machine.Plan()),
        Fail("model.fits", "context 8192 fits", machine => { machine.Plan(); machine.Config = machine.Config! with { Problems = [new PlanProblem("the plan needs 500 MiB more than CUDA0 has", "context 8192 fits")] }; }),
        Skip("model.fits", "no configuration", _ => { }),
    ];

    private static void Folder(CheckMachine machine, string file)
    {
        machine.Files.Write("/models/model/" + file, "{}");
        machine.Model = KernelCases.Quantized("awq") with { Path = machine.Files.Locate("/models/model") };
    }

    private static void Template(CheckMachine machine, string text)
    {
        machine.Files.Write("/models/template.jinja", text);
        machine.Plan(options: ("chatTemplateFile", machine.Files.Locate("/models/template.jinja")));
    }

    private static void Asked(CheckMachine machine, long context)
    {
        machine.Model = KernelCases.Quantized("awq") with { ContextLength = 32768 };
        machine.Plan(options: ("contextLength", context));
    }

    private static void Drafting(CheckMachine machine, int layers)
    {
        machine.Model = KernelCases.Quantized("awq") with { NextTokenLayerCount = layers, DeclaredNextTokenLayerCount = 1 };
        machine.Plan(EngineNames.Vllm, ("speculation", "{\"method\":\"mtp\",\"num_speculative_tokens\":3}"));
    }
}
