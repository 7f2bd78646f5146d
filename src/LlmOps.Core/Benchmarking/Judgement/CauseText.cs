using System.Globalization;

namespace LlmOps.Benchmarking.Judgement;

/// <summary>Figures in the sentences of causes.</summary>
internal static class CauseText
{
    /// <summary>The sentence, in the same words everywhere in the world.</summary>
    public static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
