using System.Collections;
using System.Text;
using System.Text.RegularExpressions;

namespace LlmOps.Logs;

/// <summary>Removes secrets from text that will be stored or shown: known keys, and what looks like an access token.</summary>
internal sealed partial class SecretMask
{
    /// <summary>What stands where a secret stood.</summary>
    public const string Replacement = "***";

    // Shorter ones would mask ordinary text, and are no secrets to speak of.
    private const int ShortestKey = 4;

    private static readonly string[] s_secretSuffixes = ["TOKEN", "API_KEY", "SECRET", "PASSWORD"];

    private static readonly string[] s_tokenStarts = ["hf_", "sk-", "Bearer "];

    private readonly byte[][] _keys;
    private readonly string[] _keyTexts;

    /// <summary>A mask for <paramref name="keys"/> and for everything that looks like a token.</summary>
    public SecretMask(IEnumerable<string> keys)
    {
        // Without queries: this runs beside an engine that loads, and to load what they need takes longer than all else here.
        List<string> texts = [];
        foreach (string key in keys)
        {
            if (key.Length >= ShortestKey && !texts.Contains(key))
            {
                texts.Add(key);
            }
        }

        texts.Sort((one, other) => other.Length - one.Length); // A key may hold another one.
        _keyTexts = [.. texts];
        _keys = Array.ConvertAll(_keyTexts, Encoding.UTF8.GetBytes);
    }

    /// <summary>A mask for the keys in a key file (one a line; null for none) and for the secrets in this process's environment.</summary>
    public static SecretMask For(string? apiKeyFile)
    {
        List<string> keys = [.. ReadKeys(apiKeyFile)];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (IsSecretName((string)variable.Key) && variable.Value is string value)
            {
                keys.Add(value);
            }
        }

        return new SecretMask(keys);
    }

    /// <summary>The keys in a key file, one a line.</summary>
    public static IReadOnlyList<string> ReadKeys(string? apiKeyFile) => apiKeyFile is not null && File.Exists(apiKeyFile)
        ? [.. File.ReadLines(apiKeyFile).Select(line => line.Trim()).Where(line => line.Length > 0)]
        : [];

    /// <summary>Whether a variable of this name holds a secret.</summary>
    public static bool IsSecretName(string variable) =>
        Array.Exists(s_secretSuffixes, suffix => variable.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The text without secrets.</summary>
    public string Apply(string text)
    {
        foreach (string key in _keyTexts)
        {
            text = text.Replace(key, Replacement, StringComparison.Ordinal);
        }

        // Looked at first: the pattern's library takes longer to load than all else that a start writes down.
        return Array.Exists(s_tokenStarts, start => text.Contains(start, StringComparison.Ordinal)) ? TokenPattern().Replace(text, "$1" + Replacement) : text;
    }

    /// <summary>Writes a line without secrets. Lines without any, which is nearly all, are passed on as they are, byte for byte.</summary>
    public void Write(ReadOnlySpan<byte> line, Stream to)
    {
        if (MayHoldSecret(line))
        {
            to.Write(Encoding.UTF8.GetBytes(Apply(Encoding.UTF8.GetString(line))));
        }
        else
        {
            to.Write(line);
        }
    }

    private bool MayHoldSecret(ReadOnlySpan<byte> line)
    {
        foreach (byte[] key in _keys)
        {
            if (line.IndexOf(key) >= 0)
            {
                return true;
            }
        }

        return line.IndexOf("hf_"u8) >= 0 || line.IndexOf("sk-"u8) >= 0 || line.IndexOf("Bearer "u8) >= 0;
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9])(hf_|sk-|Bearer )[A-Za-z0-9_\-\.]{8,}")]
    private static partial Regex TokenPattern();
}
