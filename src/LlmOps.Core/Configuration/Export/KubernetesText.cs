namespace LlmOps.Configuration.Export;

/// <summary>What Kubernetes wants of names and of texts.</summary>
internal static class KubernetesText
{
    // A label of DNS has 63 letters, and controllers append to it.
    private const int LongestName = 40;

    /// <summary>A server's name as a label of DNS.</summary>
    public static string Label(string name)
    {
        string label = new([.. name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]);
        label = label.Length > 0 && char.IsAsciiLetter(label[0]) ? label : "llm-" + label;
        return label[..Math.Min(label.Length, LongestName)].Trim('-');
    }

    /// <summary>An argument or a variable's value that stays what it is.</summary>
    /// <remarks><c>$(NAME)</c> is a variable, and <c>$$</c> one dollar wherever it stands: kubernetes <c>third_party/forked/golang/expansion/expand.go</c>.</remarks>
    public static string Literal(string text) => text.Replace("$", "$$", StringComparison.Ordinal);
}
