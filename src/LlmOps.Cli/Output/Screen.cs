using System.Globalization;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>The consoles that people look at. All text goes through here as text, never as markup: names and paths may hold brackets.</summary>
internal static class Screen
{
    private const int WidthInFiles = 160;

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Output { get; } = Make(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error: progress and remarks.</summary>
    public static IAnsiConsole Error { get; } = Make(Console.Error, Console.IsErrorRedirected);

    /// <summary>A table with the look that all commands share.</summary>
    /// <param name="columns">Headings; one that starts with <c>&gt;</c> is aligned to the right, one that starts with <c>!</c> is never broken.</param>
    public static Table Table(params ReadOnlySpan<string> columns)
    {
        Table table = new() { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        foreach (string column in columns)
        {
            bool right = column.StartsWith('>');
            table.AddColumn(new TableColumn(new Text(column.TrimStart('>', '!'), new Style(decoration: Decoration.Bold)))
            {
                Alignment = right ? Justify.Right : Justify.Left,
                NoWrap = right || column.StartsWith('!'),
            });
        }

        return table;
    }

    /// <summary>Adds a row of plain text; null shows as a dash.</summary>
    public static void Row(this Table table, params ReadOnlySpan<string?> cells)
    {
        List<Text> texts = [];
        foreach (string? cell in cells)
        {
            texts.Add(new Text(string.IsNullOrEmpty(cell) ? "-" : cell));
        }

        table.AddRow(texts);
    }

    /// <summary>Writes a line of plain text.</summary>
    public static void Line(this IAnsiConsole console, string text, Style? style = null) => console.Write(new Text(text + "\n", style));

    /// <summary>A size, or null for a dash.</summary>
    public static string? Size(long? bytes) => bytes is { } known ? Bytes.Format(known) : null;

    /// <summary>A number, or null for a dash.</summary>
    public static string? Number(double? value, string format = "0.#") => value?.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A time in milliseconds from seconds.</summary>
    public static string Milliseconds(double seconds) => (seconds * 1000).ToString(seconds < 0.1 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static IAnsiConsole Make(TextWriter writer, bool redirected)
    {
        // The library looks at TERM alone, and would colour files.
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
        {
            // A file has no width, and the library's guess of 80 would break paths that somebody wants to search for.
            console.Profile.Width = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), CultureInfo.InvariantCulture, out int columns) && columns > 20
                ? columns
                : WidthInFiles;
        }

        return console;
    }
}
