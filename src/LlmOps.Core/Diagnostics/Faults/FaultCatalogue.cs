using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmOps.Logs;

namespace LlmOps.Diagnostics;

/// <summary>Known failures of engines and of what they need, found in their logs.</summary>
/// <remarks>
/// The catalogue is data (<c>Catalogue/*.json</c>). The first line that names a cause counts; lines that only pass a failure on
/// ("failed to load model") count when nothing better is found.
/// </remarks>
public sealed class FaultCatalogue
{
    private static readonly Lazy<FaultCatalogue> s_default = new(ReadEmbedded);
    private static readonly SecretMask s_mask = new([]);

    private readonly HintIndex _hints;

    internal FaultCatalogue(IReadOnlyList<FaultSignature> signatures)
    {
        Signatures = signatures;
        _hints = new HintIndex(signatures);
    }

    /// <summary>The catalogue that LlmOps comes with.</summary>
    public static FaultCatalogue Default => s_default.Value;

    internal IReadOnlyList<FaultSignature> Signatures { get; }

    /// <summary>Finds known failures in the lines of a log.</summary>
    /// <param name="lines">The lines, oldest first, with or without times, prefixes of docker and journal, or colours in them.</param>
    /// <returns>
    /// Each kind once, with its first line: errors first, the most likely cause at their head; then warnings; then lines that only
    /// look bad. Empty when nothing is known. A cause is only what has <see cref="FaultSeverity.Error"/>.
    /// </returns>
    public IReadOnlyList<FaultFinding> Diagnose(IEnumerable<string> lines)
    {
        Dictionary<string, Found> found = [];
        string previous = string.Empty;
        int number = 0;
        foreach (string raw in lines)
        {
            number++;
            string line = FaultText.WithoutColours(raw);
            bool continues = false;
            foreach (int row in _hints.Candidates(line))
            {
                FaultSignature signature = Signatures[row];
                if (!signature.TryMatch(line, out Match match))
                {
                    continue;
                }

                continues |= signature.Previous is not null;
                if (!signature.Follows(previous))
                {
                    continue;
                }

                found.TryAdd(signature.Id, new Found(signature, line, number, match));
                foreach (string excused in signature.Excuses ?? [])
                {
                    found.Remove(excused);
                }
            }

            previous = continues || line.Length == 0 ? previous : line;
        }

        return [.. found.Values
            .OrderByDescending(match => match.Signature.Severity)
            .ThenBy(match => match.Signature.Wrapper)
            .ThenBy(match => match.Signature.RefinedBy?.Any(found.ContainsKey) == true)
            .ThenBy(match => match.Number)
            .Select(ToFinding)];
    }

    private static FaultFinding ToFinding(Found found)
    {
        Dictionary<string, string> facts = found.Match.Groups.Values
            .Where(group => group.Success && !char.IsAsciiDigit(group.Name[0]))
            .ToDictionary(group => group.Name, group => group.Value);
        FaultSignature signature = found.Signature;
        return new FaultFinding(
            signature.Id,
            signature.Title,
            s_mask.Apply(LogLine.WithoutTime(found.Line).Trim()),
            found.Number,
            FaultText.Fill(signature.Cause, facts),
            FaultText.Fill(signature.Remedy, facts),
            signature.Severity) { Facts = facts };
    }

    private static FaultCatalogue ReadEmbedded()
    {
        const string Folder = "LlmOps.Diagnostics.Faults.Catalogue.";
        Assembly assembly = typeof(FaultCatalogue).Assembly;
        List<FaultSignature> signatures = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream data = assembly.GetManifestResourceStream(name)!;
            signatures.AddRange(JsonSerializer.Deserialize(data, FaultJson.Default.FaultSignatureArray)!);
        }

        return new FaultCatalogue(signatures);
    }

    private sealed record Found(FaultSignature Signature, string Line, int Number, Match Match);
}
