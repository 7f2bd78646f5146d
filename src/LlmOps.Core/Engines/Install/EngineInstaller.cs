using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Hardware;

namespace LlmOps.Engines.Install;

/// <summary>Installs engines: chooses a source that can be reached, shows what it would do, and does it.</summary>
/// <param name="request">What is wanted.</param>
public sealed class EngineInstaller(EngineInstallRequest request)
{
    /// <summary>What would be done. Nothing is changed.</summary>
    /// <remarks>A source that was named is planned for even where it cannot be used now; <see cref="EngineInstallPlan.Problem"/> says why.</remarks>
    /// <exception cref="LlmOpsException">The engine, source or backend does not exist; or no source can be used, and the message names each with its reason.</exception>
    public async Task<EngineInstallPlan> PlanAsync(CancellationToken cancellationToken) => (await ChooseAsync(cancellationToken).ConfigureAwait(false)).Plan;

    /// <summary>Installs, and remembers it.</summary>
    /// <param name="plan">What <see cref="PlanAsync"/> gave for the same request.</param>
    /// <param name="progress">Told in short lines what happens.</param>
    /// <param name="cancellationToken">Stops it; what is half made is removed.</param>
    /// <exception cref="LlmOpsException">It cannot be done here, a step failed, or there is such an install (<c>EngineInstallExists</c>).</exception>
    public async Task<EngineInstall> InstallAsync(EngineInstallPlan plan, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (plan.Problem is { } problem)
        {
            throw new EngineInstallException($"{plan.Engine} cannot be installed from {plan.Source} here: {problem}");
        }

        InstallContext context = new(request, Topology(cancellationToken), plan.Backend);
        EngineInstalls installs = new(request.StateFolder);
        RequireNew(plan, installs);
        try
        {
            IInstallSource source = InstallSources.All.Single(known => known.Engine == plan.Engine && known.Source == plan.Source);
            EngineInstall install = await source.InstallAsync(plan, context, progress, cancellationToken).ConfigureAwait(false);
            install = install with { SystemPackages = plan.SystemPackages, Commands = [.. plan.Steps.Select(step => step.Text).OfType<string>()] };
            installs.Add(install);
            return install;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new EngineInstallException($"{plan.Engine} cannot be installed in {plan.Folder ?? context.Parent}: {failure.Message.TrimEnd('.')}; name a folder that can be written", failure);
        }
    }

    /// <summary>The error of an install that is there.</summary>
    internal static LlmOpsException Exists(string name, string where) =>
        new($"{name} is installed already in {where}; replace it with force, or name the new one otherwise", "EngineInstallExists") { Kind = ErrorKind.AlreadyExists };

    private async Task<(EngineInstallPlan Plan, InstallContext Context)> ChooseAsync(CancellationToken cancellationToken)
    {
        GpuTopology topology = Topology(cancellationToken);
        List<SourceFinding> findings = [];
        IReadOnlyList<(IInstallSource Source, EngineBackend Backend)> ways = InstallSources.For(request, topology);
        foreach ((IInstallSource source, EngineBackend backend) in ways)
        {
            InstallContext context = new(request, topology, backend);
            context.RequireUsable();
            string? problem = await source.WhyNotAsync(context, cancellationToken).ConfigureAwait(false);
            findings.Add(new SourceFinding(source.Source, problem));
            if (problem is null || ways.Count == 1)
            {
                EngineInstallPlan plan = await source.PlanAsync(context, cancellationToken).ConfigureAwait(false);
                return (plan with { Sources = findings, Problem = problem }, context);
            }
        }

        string reasons = string.Join("; ", findings.DistinctBy(finding => (finding.Source, finding.Problem)).Select(finding => $"{finding.Source}: {finding.Problem}"));
        throw new EngineInstallException($"no source of {request.Engine} can be used here: {reasons}") { Kind = ErrorKind.NotFound };
    }

    private GpuTopology Topology(CancellationToken cancellationToken) => request.Topology ?? new TopologySurvey(new SurveyOptions()).Capture(cancellationToken);

    private void RequireNew(EngineInstallPlan plan, EngineInstalls installs)
    {
        EngineInstall? same = installs.List().FirstOrDefault(install => install.Name == plan.Name);
        bool isOurs = same?.Folder is null || same.Folder == plan.Folder;
        if ((same is not null && (!request.Force || !isOurs)) || (same is null && plan.Folder is { } folder && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            string where = same?.Folder ?? plan.Folder ?? plan.Origin;
            throw same is not null && isOurs ? Exists(plan.Name, where) : new LlmOpsException(
                $"{where} is there already and is not an install that this one may replace; name another destination or another name", "EngineInstallExists") { Kind = ErrorKind.AlreadyExists };
        }
    }
}
