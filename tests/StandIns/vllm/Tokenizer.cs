namespace LlmOps.StandIns.Vllm;

/// <summary>Cuts text into tokens: letters and digits in pieces of up to six, with the blank before them; every other sign alone.</summary>
internal static class Tokenizer
{
    /// <summary>What the chat template adds to each message.</summary>
    public const int TokensOfMessage = 4;

    /// <summary>What it adds before an answer.</summary>
    public const int TokensOfPrompt = 3;

    private const int LongestPiece = 6;

    /// <summary>The numbers of a text's tokens. The same text has the same ones.</summary>
    public static int[] Encode(string text)
    {
        List<int> tokens = [];
        int start = 0;
        while (start < text.Length)
        {
            int end = start + 1;
            if (char.IsLetterOrDigit(text[start]) || (text[start] == ' ' && end < text.Length && char.IsLetterOrDigit(text[end])))
            {
                while (end < text.Length && char.IsLetterOrDigit(text[end]) && end - start < LongestPiece)
                {
                    end++;
                }
            }

            int number = 17;
            foreach (char sign in text.AsSpan(start, end - start))
            {
                number = unchecked((number * 31) + sign);
            }

            tokens.Add((number & 0x7fffffff) % 151_936);
            start = end;
        }

        return [.. tokens];
    }

    /// <summary>The tokens of a conversation with its template around it.</summary>
    public static int[] Encode(IEnumerable<(string Role, string Content)> messages)
    {
        List<int> tokens = [];
        foreach ((string role, string content) in messages)
        {
            tokens.AddRange([1, .. Encode(role).Take(1), 2]);
            tokens.AddRange(Encode(content));
            tokens.Add(3);
        }

        tokens.AddRange([1, 4, 2]);
        return [.. tokens];
    }
}
