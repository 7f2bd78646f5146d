using System.Text;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Derives names from models.</summary>
internal static class ServerNames
{
    /// <summary>A server name made of the model's file name: small letters, digits, dots and dashes.</summary>
    public static string For(ModelDescription model)
    {
        StringBuilder name = new();
        foreach (char letter in Stem(model).ToLowerInvariant())
        {
            bool keep = char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_';
            if (keep || (name.Length > 0 && name[^1] != '-'))
            {
                name.Append(keep ? letter : '-');
            }
        }

        string trimmed = name.ToString().Trim('-', '.', '_');
        return trimmed.Length == 0 ? "llm" : trimmed.Length > 64 ? trimmed[..64].TrimEnd('-', '.', '_') : trimmed;
    }

    /// <summary>The name that clients use: the model's file name without its ending.</summary>
    public static string Stem(ModelDescription model)
    {
        if (model.Format == ModelFormat.Safetensors)
        {
            return model.Name; // A dot in a folder's name is no ending: Qwen3.6-27B.
        }

        string stem = Path.GetFileNameWithoutExtension(model.Path);
        int part = stem.IndexOf("-00001-of-", StringComparison.Ordinal);
        return part > 0 ? stem[..part] : stem;
    }
}
