using System.Globalization;

namespace LlmOps.Models;

/// <summary>A SentencePiece vocabulary that spells any UTF-8 text: special tokens, one token a byte, letters and joined pieces.</summary>
internal sealed class TinyVocabulary
{
    /// <summary>Special tokens, bytes and single characters always have to be there.</summary>
    public const int SmallestSize = 320;

    public const int UnknownId = 0;
    public const int BeginId = 1;
    public const int EndId = 2;

    /// <summary>The token of the byte 0x0A: bytes begin at 3.</summary>
    public const int LineBreakId = 3 + '\n';

    // The types of llama.cpp's enum llama_token_type.
    private const int NormalType = 1;
    private const int UnknownType = 2;
    private const int ControlType = 3;
    private const int ByteType = 6;

    // SentencePiece writes the blank before a word so.
    private const char Blank = '\u2581';

    // Each joined piece is made of two that stand before it, so that the tokenizer can get there by joining neighbours.
    private const string JoinedPieces =
        "he th in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur "
        + "_t _a _s _w _o _i _b _m _f _c _h _p _d _n _e _l _r _g _y _u _th _the _of _to _in _an _and _be _he _re _st _wh _on _co _se _is "
        + "_it _or _as _al _me _no _so _we _wo _wor ld ing ion tio tion ent ll ell hel hell hello _hell _hello _worl _world _ma _mo _mod _mode _model _te _tes _test "
        + "_wi _wit _with _yo _you _tha _that _ha _hav _have _fo _for _no _not _wa _was _ar _are";

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public TinyVocabulary(int size)
    {
        Add("<unk>", UnknownType, 0);
        Add("<s>", ControlType, 0);
        Add("</s>", ControlType, 0);
        for (int value = 0; value < 256; value++)
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), ByteType, 0);
        }

        Add("<|im_start|>", ControlType, 0);
        Add("<|im_end|>", ControlType, 0);
        FirstPiece = Tokens.Count;

        // The order is the score: the tokenizer joins the pair with the highest one first.
        foreach (string piece in Pieces())
        {
            if (Tokens.Count == size)
            {
                break;
            }

            Add(piece, NormalType, FirstPiece - Tokens.Count);
        }
    }

    public List<string> Tokens { get; } = [];

    public List<float> Scores { get; } = [];

    public List<int> Types { get; } = [];

    /// <summary>From here on tokens are pieces of text.</summary>
    public int FirstPiece { get; }

    private static IEnumerable<string> Pieces()
    {
        yield return Blank.ToString();
        foreach (char letter in "etaoinshrdlcumwfgypbvkjxqz.,?!'-:;\"()0123456789")
        {
            yield return letter.ToString();
        }

        foreach (string piece in JoinedPieces.Split(' '))
        {
            yield return piece.Replace('_', Blank);
        }

        for (char letter = 'A'; letter <= 'Z'; letter++)
        {
            yield return letter.ToString();
        }

        // Every further piece is one letter longer than one that is there: any size can be filled.
        for (int length = 2; ; length++)
        {
            foreach (string word in Words(length))
            {
                yield return word;
            }
        }
    }

    private static IEnumerable<string> Words(int length) => length == 0
        ? [""]
        : Words(length - 1).SelectMany(start => "abcdefghijklmnopqrstuvwxyz".Select(letter => start + letter));

    private void Add(string token, int type, float score)
    {
        if (_known.Add(token))
        {
            Tokens.Add(token);
            Types.Add(type);
            Scores.Add(score);
        }
    }
}
