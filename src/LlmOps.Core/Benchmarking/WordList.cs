using System.Text;

namespace LlmOps.Benchmarking;

/// <summary>Words to build prompts of.</summary>
/// <param name="Words">UTF-8, without spaces.</param>
internal sealed record WordList(IReadOnlyList<byte[]> Words)
{
    /// <summary>One token each in the vocabularies of real models, four bytes each in one that knows only bytes: equal cost either way.</summary>
    public static WordList Common { get; } = Parse(
        "time year work part hand side home life line name city game team week case road town land form main body " +
        "head door room book food fire wind rain snow tree bird fish milk salt blue gray dark cold warm soft hard " +
        "fast slow long high deep wide near open shut good best last next left true real same such very much more " +
        "most many only also even ever just well back down over into from with this that them then than what when " +
        "make take give find tell call feel keep show hear move live hold turn need want help play talk walk read " +
        "sing swim jump rest stay send sell cost loan bank card sign wall roof gate park hill lake star moon");

    private static WordList Parse(string words)
    {
        string[] texts = words.Split(' ');
        byte[][] result = new byte[texts.Length][];
        for (int index = 0; index < texts.Length; index++)
        {
            result[index] = Encoding.UTF8.GetBytes(texts[index]);
        }

        return new WordList(result);
    }
}
