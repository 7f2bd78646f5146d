namespace LlmOps.Diagnostics;

/// <summary>Makes remedies concrete for this machine and this server: who holds the port, where the library lies, what would fit.</summary>
/// <remarks>To add advice: a row here, and a method that looks and says it in one sentence, or null when it cannot tell.</remarks>
public static class FaultAdvisor
{
    private static readonly Dictionary<string, Func<FaultFinding, FaultContext, string?>> s_advice = new(StringComparer.Ordinal)
    {
        ["loader.engine-library-missing"] = LibraryAdvice.Find,
        ["llamacpp.port-in-use"] = MachineAdvice.Port,
        ["vllm.port-in-use"] = MachineAdvice.Port,
        ["container.port-in-use"] = MachineAdvice.Port,
        ["llamacpp.mlock-failed"] = (_, context) => MachineAdvice.MemoryLock(context),
        ["host.memlock"] = (_, context) => MachineAdvice.MemoryLock(context),
        ["host.disk-full"] = (_, _) => MachineAdvice.FullDisks(),
        ["llamacpp.cpu-fallback"] = MachineAdvice.HiddenDevices,
        ["llamacpp.role-unknown"] = (_, context) => TemplateCommand(context),
        ["llamacpp.roles-must-alternate"] = (_, context) => TemplateCommand(context),
        ["llamacpp.template-exception"] = (_, context) => TemplateCommand(context),
        ["llamacpp.model-not-found"] = (_, context) => MachineAdvice.NearModel(context),
        ["llamacpp.gpu-memory"] = MemoryAdvice.WhatFits,
        ["llamacpp.weights-memory"] = MemoryAdvice.WhatFits,
        ["llamacpp.kv-cache-memory"] = MemoryAdvice.WhatFits,
        ["llamacpp.compute-memory"] = MemoryAdvice.WhatFits,
        ["llamacpp.recurrent-memory"] = MemoryAdvice.WhatFits,
    };

    /// <summary>The same findings, in the same order, with remedies that begin with what was found on this machine.</summary>
    /// <param name="findings">Findings of one log.</param>
    /// <param name="context">What is known beside the log.</param>
    public static IReadOnlyList<FaultFinding> Advise(IReadOnlyList<FaultFinding> findings, FaultContext context)
    {
        // The line that names an amount may be another one than the cause: "allocating 8192 MiB on device 1" stands before "for kv cache".
        Dictionary<string, string> known = [];
        foreach ((string name, string value) in findings.Where(finding => finding.Severity == FaultSeverity.Error).SelectMany(finding => finding.Facts))
        {
            known.TryAdd(name, value);
        }

        return [.. findings.Select(finding => Advise(finding with { Facts = Merge(finding.Facts, known) }, context) is { } advice
            ? finding with { Remedy = $"{advice} {finding.Remedy}" }
            : finding)];
    }

    private static string? Advise(FaultFinding finding, FaultContext context)
    {
        if (!s_advice.TryGetValue(finding.Id, out Func<FaultFinding, FaultContext, string?>? advise))
        {
            return null;
        }

        try
        {
            return advise(finding, context);
        }
        catch (Exception problem) when (problem is LlmOpsException or IOException or UnauthorizedAccessException)
        {
            // What cannot be looked at is not advised on; the catalogue's remedy stands.
            return null;
        }
    }

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> own, Dictionary<string, string> known)
    {
        Dictionary<string, string> facts = new(known);
        foreach ((string name, string value) in own)
        {
            facts[name] = value;
        }

        return facts;
    }

    private static string? TemplateCommand(FaultContext context) => context.Config is { } config
        ? $"New-LlmChatTemplate -Path '{config.Model.Replace("'", "''", StringComparison.Ordinal)}' -AllowRole developer -Destination './{config.Name}-developer.jinja' writes a template that accepts the role; name it by chatTemplateFile in the configuration of '{config.Name}'."
        : null;
}
