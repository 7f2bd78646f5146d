namespace LlmOps.StandIns.Vllm;

/// <summary><c>vllm serve --help=all</c>, as argparse lays it out.</summary>
internal static class HelpPage
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter to, FlagTable flags)
    {
        to.WriteLine("usage: vllm serve [model_tag] [options]\n\noptions:");
        foreach (FlagTable.Row flag in flags.All.Where(flag => !flag.IsOff))
        {
            string value = !flag.TakesValue ? string.Empty
                : flag.Choices.Count > 0 ? $" {{{string.Join(',', flag.Choices)}}}"
                : $" {flag.Name[2..].Replace('-', '_').ToUpperInvariant()}";
            IEnumerable<string> names = flags.Find($"--no-{flag.Name[2..]}") is { } off ? [.. flag.Names, .. off.Names] : flag.Names;
            to.WriteLine($"  {string.Join(", ", names.Select(name => name + value))}\n                        A flag of the stand-in.");
        }
    }
}
