using System.Text.RegularExpressions;
using LlmOps.Processes;

namespace LlmOps.Engines.Vllm;

/// <summary>Asks <c>vllm serve --help=all</c> for the flags; starts Python, which takes ten seconds and more.</summary>
internal static partial class VllmHelp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>The flags that the program names.</summary>
    /// <exception cref="LlmOpsException">It does not start, or prints no help.</exception>
    public static async Task<IReadOnlyList<EngineFlag>> ReadAsync(string program, CancellationToken cancellationToken)
    {
        ProcessResult result;
        try
        {
            result = await ProcessRunner.RunAsync(new ProcessRequest(program, ["serve", "--help=all"]) { Timeout = Patience }, cancellationToken).ConfigureAwait(false);
        }
        catch (ProcessStartException problem)
        {
            throw new LlmOpsException($"{program} could not be started ({problem.InnerException!.Message}); its first line may name a Python that is gone", "EngineNotStarted", problem);
        }
        catch (TimeoutException problem)
        {
            throw new LlmOpsException($"{program} serve --help=all did not answer within {Patience.TotalSeconds:0} s; run it by hand to see where it hangs", "EngineNotStarted", problem);
        }

        IReadOnlyList<EngineFlag> flags = Parse(result.StandardOutput);
        return flags.Count > 0 ? flags : throw new LlmOpsException(
            $"{program} serve --help=all printed no flags (exit code {result.ExitCode}): {LastLine(result)}", "EngineNotStarted");
    }

    /// <summary>Reads argparse's help: <c>  --dtype {auto,half}</c>, <c>--enable-prefix-caching, --no-enable-prefix-caching</c>, <c>--port PORT</c>.</summary>
    public static IReadOnlyList<EngineFlag> Parse(string help)
    {
        List<EngineFlag> flags = [];
        foreach (string line in help.ReplaceLineEndings("\n").Split('\n'))
        {
            if (!Entry().IsMatch(line))
            {
                continue;
            }

            List<string> names = [];
            string? argument = null;
            foreach (string part in Parts().Split(line.Trim()))
            {
                Match match = Part().Match(part);
                if (match.Success)
                {
                    names.Add(match.Groups[1].Value);
                    argument ??= match.Groups[2].Success ? match.Groups[2].Value.Trim() : null;
                }
            }

            string[] choices = argument is ['{', .., '}'] ? argument[1..^1].Split(',', StringSplitOptions.TrimEntries) : [];
            flags.Add(new EngineFlag(names, argument, choices, "", null));
        }

        return flags;
    }

    private static string LastLine(ProcessResult result)
    {
        string text = (result.StandardError + result.StandardOutput).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "nothing";
        string plain = new([.. text.Where(letter => !char.IsControl(letter))]);
        return plain.Length > 300 ? plain[..300] + "…" : plain;
    }

    [GeneratedRegex(@"^ {1,4}-{1,2}[A-Za-z]")]
    private static partial Regex Entry();

    [GeneratedRegex(@", (?=-)")]
    private static partial Regex Parts();

    [GeneratedRegex(@"^(--?[A-Za-z][\w.-]*)(?:[ =](\{[^}]*\}|\[?[A-Z][^ ]*))?")]
    private static partial Regex Part();
}
