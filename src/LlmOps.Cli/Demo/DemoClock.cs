using System.Globalization;
using LlmOps.Cli.Output;
using LlmOps.Servers;
using Spectre.Console;

namespace LlmOps.Cli.Demo;

/// <summary>Headings and progress lines with the time since the demonstration began.</summary>
internal sealed class DemoClock(IAnsiConsole console)
{
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private int _stage;

    /// <summary>Time since the demonstration began.</summary>
    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_started);

    /// <summary>Begins the next stage.</summary>
    public void Heading(string title)
    {
        _stage++;
        console.Line($"\n━━ {_stage}  {title} ━━", new Style(Color.Green, decoration: Decoration.Bold));
    }

    /// <summary>Shows each line that is reported.</summary>
    public IProgress<string> ForLines() => new Lines(this);

    /// <summary>Shows each new state of a start.</summary>
    public IProgress<StartProgress> ForStart() => LiveProgress.ForStart(new Lines(this));

    private sealed class Lines(DemoClock clock) : IProgress<string>
    {
        private string? _last;

        public void Report(string value)
        {
            if (value != _last)
            {
                _last = value;
                clock.Line(value);
            }
        }
    }

    private void Line(string text) => console.Line($"{Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),6} s  {text}");
}
