using LlmOps.Engines;

namespace LlmOps.Planning;

/// <summary>Collects decisions while a plan is made.</summary>
/// <param name="pinned">What the user fixed.</param>
internal sealed class DecisionLog(OptionSet pinned)
{
    private readonly List<Decision> _decisions = [];

    /// <summary>The decisions so far.</summary>
    public IReadOnlyList<Decision> Decisions => _decisions;

    /// <summary>What a pin does to the plan, by option name; shown with the pin.</summary>
    public IReadOnlyDictionary<string, string> PinNotes { get; set; } = new Dictionary<string, string>();

    /// <summary>Notes a decision about something that is no engine option.</summary>
    public void Add(string option, string value, string reason, IReadOnlyList<string> rejected, bool isPinned = false) =>
        _decisions.Add(new Decision(option, value, isPinned && PinNotes.TryGetValue(option, out string? note) ? $"{reason}; {note}" : reason, rejected, isPinned));

    /// <summary>Sets an option to its pinned value, else to <paramref name="value"/>, and notes why.</summary>
    public OptionSet Set<T>(OptionSet options, EngineOption<T> option, T value, string reason, params IReadOnlyList<string> rejected)
        where T : notnull
    {
        bool isPinned = pinned.Contains(option.Name);
        object chosen = pinned[option.Name] ?? value;
        Add(option.Name, EngineOption.Format(chosen), isPinned ? "as asked" : reason, isPinned ? [] : rejected, isPinned);
        return options.With(option.Name, chosen);
    }
}
