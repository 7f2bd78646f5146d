using YamlDotNet.RepresentationModel;

namespace LlmOps.Configuration;

/// <summary>Finds the comments that give the reasons of values: beside the value, or on the lines right above it.</summary>
/// <param name="yaml">The whole text.</param>
internal sealed class ReasonComments(string yaml)
{
    private const string RejectedMark = "rejected: ";

    private readonly string[] _lines = yaml.ReplaceLineEndings("\n").Split('\n');

    /// <summary>The reason written for the entry with this key and value, and the alternatives rejected; null when there is none.</summary>
    public (string Reason, IReadOnlyList<string> Rejected)? For(YamlNode key, YamlNode value)
    {
        List<string> reason = [];
        List<string> rejected = [];
        int line = (int)key.Start.Line - 1;
        int first = line;
        while (first > 0 && _lines[first - 1].TrimStart().StartsWith('#'))
        {
            first--;
        }

        for (int at = first; at < line; at++)
        {
            string comment = _lines[at].TrimStart()[1..].Trim();
            if (comment.StartsWith(RejectedMark, StringComparison.Ordinal))
            {
                rejected.Add(comment[RejectedMark.Length..]);
            }
            else
            {
                reason.Add(comment);
            }
        }

        if (Beside(key, value) is { } beside)
        {
            reason = [beside];
        }

        return reason.Count == 0 ? null : (string.Join(' ', reason), rejected);
    }

    // For a block (devices:) the comment stands beside the key; for a scalar or a flow list after its end.
    private string? Beside(YamlNode key, YamlNode value)
    {
        bool sameLine = value.Start.Line == key.Start.Line;
        string line = _lines[key.Start.Line - 1];
        int from = sameLine && value.End.Line == key.Start.Line ? (int)value.End.Column - 1 : (int)key.End.Column - 1;
        if (from >= line.Length)
        {
            return null;
        }

        int mark = line.IndexOf(" #", from, StringComparison.Ordinal);
        return mark < 0 ? null : line[(mark + 2)..].Trim();
    }
}
