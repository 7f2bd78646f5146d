namespace LlmOps.Models;

/// <summary>A model file or folder that cannot be read: absent, of another kind, cut short, damaged.</summary>
/// <remarks>
/// Error ids: <c>ModelNotFound</c>, <c>ModelUnreadable</c>, <c>ModelNotGguf</c>, <c>ModelNotSafetensors</c>, <c>ModelTruncated</c>, <c>ModelInvalid</c>,
/// <c>ModelVersionUnsupported</c>, <c>ModelPartMissing</c>, <c>ModelFolderAmbiguous</c>, <c>ModelFolderUnsupported</c>.
/// </remarks>
public sealed class ModelFormatException : LlmOpsException
{
    private const int LongestProblem = 1000;

    /// <summary>Makes an error about a model.</summary>
    /// <param name="path">The file or folder, as it was given.</param>
    /// <param name="problem">What is wrong and what to do, without the path.</param>
    /// <param name="errorId">Stable PascalCase id.</param>
    /// <param name="offset">Byte offset of the trouble; null when it has none.</param>
    /// <param name="inner">The cause, when there is one.</param>
    public ModelFormatException(string path, string problem, string errorId, long? offset = null, Exception? inner = null)
        : base($"{path}: {OneLine(problem)}", errorId, inner)
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>Byte offset of the trouble; null when it has none.</summary>
    public long? Offset { get; }

    // Names and keys come from the file: they may be long, and hold line breaks or commands to a terminal.
    private static string OneLine(string text) => string.Create(
        Math.Min(text.Length, LongestProblem),
        text,
        static (line, whole) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(whole[i]) ? '\uFFFD' : whole[i];
            }
        });
}
