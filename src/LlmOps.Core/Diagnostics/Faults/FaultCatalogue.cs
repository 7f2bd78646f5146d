using System.Buffers;
using System.Text.Json;
using LlmOps.Logs;

namespace LlmOps.Diagnostics;

/// <summary>Known failures of engines and of what they need, found in their logs.</summary>
/// <remarks>
/// The catalogue is data (<c>faults.json</c>). The first line that names a cause counts; lines that only pass a failure on
/// ("failed to load model") count when nothing better is found.
/// </remarks>
public sealed class FaultCatalogue
{
    private static readonly Lazy<FaultCatalogue> s_default = new(ReadEmbedded);
    private static readonly SecretMask s_mask = new([]);

    private readonly SearchValues<string> _anyHint;

    internal FaultCatalogue(IReadOnlyList<FaultSignature> signatures)
    {
        Signatures = signatures;
        _anyHint = SearchValues.Create([.. signatures.SelectMany(signature => signature.Hints)], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The catalogue that LlmOps comes with.</summary>
    public static FaultCatalogue Default => s_default.Value;

    internal IReadOnlyList<FaultSignature> Signatures { get; }

    /// <summary>Finds known failures in the lines of a log.</summary>
    /// <param name="lines">The lines, oldest first, with or without times in front.</param>
    /// <returns>
    /// Each kind once, with its first line: errors first, the most likely cause at their head; then warnings; then lines that only
    /// look bad. Empty when nothing is known. A cause is only what has <see cref="FaultSeverity.Error"/>.
    /// </returns>
    public IReadOnlyList<FaultFinding> Diagnose(IEnumerable<string> lines)
    {
        Dictionary<string, (FaultSignature Signature, string Line, int Number)> found = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (!line.AsSpan().ContainsAny(_anyHint))
            {
                continue;
            }

            foreach (FaultSignature signature in Signatures)
            {
                if (!found.ContainsKey(signature.Id) && signature.Matches(line))
                {
                    found[signature.Id] = (signature, line, number);
                }
                else if (signature.Excuses is null || !signature.Matches(line))
                {
                    continue;
                }

                foreach (string excused in signature.Excuses ?? [])
                {
                    found.Remove(excused);
                }
            }
        }

        return [.. found.Values
            .OrderByDescending(match => match.Signature.Severity)
            .ThenBy(match => match.Signature.Wrapper)
            .ThenBy(match => match.Signature.RefinedBy?.Any(found.ContainsKey) == true)
            .ThenBy(match => match.Number)
            .Select(match => ToFinding(match.Signature, match.Line, match.Number))];
    }

    private static FaultFinding ToFinding(FaultSignature signature, string line, int number) => new(
        signature.Id, signature.Title, s_mask.Apply(LogLine.WithoutTime(line).Trim()), number, signature.Cause, signature.Remedy, signature.Severity);

    private static FaultCatalogue ReadEmbedded()
    {
        const string Name = "LlmOps.Diagnostics.Faults.faults.json";
        using Stream data = typeof(FaultCatalogue).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"The resource {Name} is not in the assembly.");
        return new FaultCatalogue(JsonSerializer.Deserialize(data, FaultJson.Default.FaultSignatureArray)!);
    }
}
