using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Engines.Install;
using LlmOps.Hardware;
using Spectre.Console;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops install</c>: from a blank machine to a working engine.</summary>
internal static class InstallCommand
{
    public static Command Create()
    {
        Argument<string> engine = new("ENGINE") { Description = "llama.cpp or vllm.", DefaultValueFactory = _ => "llama.cpp" };
        Option<InstallSource?> source = Options.Choice<InstallSource>("--source", "Where from; the best that can be reached when left out.");
        Option<EngineBackend?> backend = Options.Choice<EngineBackend>("--backend", "What it is to compute on; what the machine has when left out.");
        Option<string?> version = Options.Text("--version", "V", "The version: 0.7.0, b6123, 0.21.0; the newest that suits the machine when left out.");
        Option<string?> destination = Options.Text("--destination", "FOLDER", "The folder that gets the install as a folder of its own.");
        Option<string?> name = Options.Text("--name", "NAME", "The name of the install.");
        Option<string?> sourcePath = Options.Text("--source-path", "PATH", "Instead of a network: llama.cpp's sources, a wheel of vLLM, or a folder of wheels.");
        Option<string?> image = Options.Text("--image", "IMAGE", "With --source docker: the image to pull instead of the engine's own.");
        Option<string[]> buildOption = new("--build-option") { HelpName = "NAME=VALUE", Description = "A further option of the build: GGML_NATIVE=OFF.", DefaultValueFactory = _ => [] };
        Option<int?> jobs = Options.Whole("--jobs", "N", 1, 1024, "How many compilers run at once; one less than there are cores when left out.");
        Option<string?> python = Options.Text("--python", "PROGRAM", "The Python of the environment.");
        Option<string?> index = Options.Text("--index", "URL", "The index of Python packages.");
        Option<string?> cuda = Options.Text("--cuda", "V", "The CUDA that wheels are built for: 13.0, 12.9; what the driver runs when left out.");
        Option<string[]> requirement = new("--requirement") { HelpName = "SPEC", Description = "A further package of the environment: transformers==5.1.0.", DefaultValueFactory = _ => [] };
        Option<string?> plugin = Options.Text("--plugin", "FILE", "The wheel of a plugin of vLLM, or the zip that it comes in.");
        Option<bool> skip = new("--skip-prerequisites") { Description = "Leave the system's packages alone; what is missing is then an error." };
        Option<bool> force = new("--force") { Description = "Replace an install of the same name." };
        Option<string?> topology = Options.Text("--topology", "FILE", "With --what-if: plan for the machine of a saved topology.");
        Option<bool> whatIf = new("--what-if") { Description = "Print the exact steps and do nothing." };
        Option<bool> list = new("--list") { Description = "List what was installed." };
        Option<bool> json = Options.Json();
        Command command = new("install", "Install an engine: from packages, a release, an image, Python packages or sources.")
        {
            engine, source, backend, version, destination, name, sourcePath, image, buildOption, jobs, python, index, cuda, requirement, plugin, skip, force, topology, whatIf, list, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(topology) is not null && !result.GetValue(whatIf))
            {
                result.AddError("--topology plans for another machine and needs --what-if");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(list))
            {
                Show(EngineInstalls.Default.List(), parsed.GetValue(json));
                return ExitCode.Success;
            }

            EngineInstaller installer = new(new EngineInstallRequest
            {
                Engine = parsed.GetRequiredValue(engine),
                Source = parsed.GetValue(source),
                Backend = parsed.GetValue(backend) ?? EngineBackend.Auto,
                Version = parsed.GetValue(version),
                Destination = parsed.GetValue(destination),
                Name = parsed.GetValue(name),
                SourcePath = parsed.GetValue(sourcePath),
                Image = parsed.GetValue(image),
                BuildOptions = parsed.GetRequiredValue(buildOption),
                Jobs = parsed.GetValue(jobs),
                Python = parsed.GetValue(python),
                Index = parsed.GetValue(index),
                Cuda = parsed.GetValue(cuda),
                Requirements = parsed.GetRequiredValue(requirement),
                Plugin = parsed.GetValue(plugin),
                SkipPrerequisites = parsed.GetValue(skip),
                Force = parsed.GetValue(force),
                Topology = parsed.GetValue(topology) is { } file ? TopologyFile.Read(file) : null,
            });
            EngineInstallPlan plan = await installer.PlanAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(whatIf))
            {
                Show(plan, parsed.GetValue(json));
                return plan.Problem is null ? ExitCode.Success : ExitCode.FindingFailed;
            }

            EngineInstall install;
            try
            {
                install = await installer.InstallAsync(plan, new StepLines(), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                StepLines.End();
            }

            if (parsed.GetValue(json))
            {
                JsonOutput.Write(install, CliJson.Readable.EngineInstall);
            }
            else
            {
                Screen.Output.Line($"{install.Name}: {install.Engine} {install.Version} for {install.Backend} at {install.Path}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(EngineInstallPlan plan, bool json)
    {
        if (json)
        {
            JsonOutput.Write(plan, CliJson.Readable.EngineInstallPlan);
            return;
        }

        // Commands are for copying: a console that wraps them would break them.
        foreach (string line in plan.Lines())
        {
            Console.Out.WriteLine(line);
        }

        if (plan.Problem is { } problem)
        {
            ErrorReport.WriteLine($"this cannot be done here now: {problem}");
        }
    }

    private static void Show(IReadOnlyList<EngineInstall> installs, bool json)
    {
        if (json)
        {
            JsonOutput.Write(installs, CliJson.Readable.IReadOnlyListEngineInstall);
            return;
        }

        if (installs.Count == 0)
        {
            Screen.Output.Line("Nothing was installed by 'llmops install'.");
            return;
        }

        Table table = Screen.Table("!Name", "Engine", "Version", "From", "For", "Path");
        foreach (EngineInstall install in installs)
        {
            table.Row(install.Name, install.Engine, install.Version, install.Source.ToString(), install.Backend.ToString(), install.Path);
        }

        Screen.Output.Write(table);
    }
}
