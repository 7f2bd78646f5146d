using LlmOps.Configuration;
using LlmOps.Configuration.Export;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Tests.Configuration.Export;

/// <summary>A configuration with every sign that some shell or reader gives a meaning to, and a program in place of the engine that tells what reached it.</summary>
internal sealed class HostileConfig : IDisposable
{
    private static readonly string[] s_words =
    [
        "", " ", "it's", "\"quoted\"", "a b", "$HOME", "${HOME}", "$(id)", "`id`", "%h", "%%", "\\", "\\\\n", "a\\", "*", "?", "[a]", "~", "~/x", "!", "!!", "#", "#x", "a#b", ";", "a;b", "|", "&", "&&",
        "<", ">", "(", ")", "{a,b}", "@args", "@", "--%", "-x:y", "--", "-", "‘typographic’", "‚low‛", "“double”", "日本語 模型", "é", "🦙", "a=b", "=", "key: value", "- item", "null", "yes", "0x10", "1e3", "$$", "$1",
        "$(LWS_X)", "${PORT}", "${env.HOME}", "\t", "%PATH%", "^", "'", "''", "\"", "a'b\"c$d`e\\f",
    ];

    public HostileConfig(bool hasLines)
    {
        Folder = Directory.CreateTempSubdirectory("llmops-export-").FullName;
        Program = Path.Combine(Folder, "engine 'of' $many \"signs\"");
        Told = Path.Combine(Folder, "told");
        File.WriteAllText(Program, $"#!/bin/sh\nprintf '%s\\0' \"$@\" > '{Told}'\nprintf '%s\\0' \"$HOSTILE\" >> '{Told}'\n");
        File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string lines = hasLines ? "two\nlines\n# and\tmore" : "one line";

        // Words of chance beside the chosen ones, the same in each run.
        Random random = new(20261121);
        string letters = "ab '\"$`\\{}()[]#;&|<>*?!~%^=:,-@‘’é模" + (hasLines ? "\n\t" : "");
        string[] chance = [.. Enumerable.Range(0, 200).Select(_ => new string([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => letters[random.Next(letters.Length)])]))];
        Words = [.. s_words.Where(word => hasLines || !word.Any(char.IsControl)), lines, .. chance];
        Config = new ServerConfig
        {
            Name = "hostile",
            EnginePath = Program,
            Model = Path.Combine(Folder, "a 'model' of $many \"signs\" 模型.gguf"),
            Alias = "it's $ALIAS",
            Options = OptionSet.Empty.With(LlamaCppOptions.ContextLength, 1024),
            Environment = new Dictionary<string, string> { ["HOSTILE"] = $"a 'b' \"c\" $HOME `id` \\ ‘d’ {lines}" },
            ExtraArguments = Words,
        };
    }

    /// <summary>A folder of its own.</summary>
    public string Folder { get; }

    /// <summary>The program in place of the engine.</summary>
    public string Program { get; }

    /// <summary>The file where it writes its arguments, and its variable <c>HOSTILE</c>, each ended by a zero.</summary>
    public string Told { get; }

    public IReadOnlyList<string> Words { get; }

    public ServerConfig Config { get; }

    /// <summary>What the engine must be told.</summary>
    public IReadOnlyList<string> Expected => [.. LaunchCommandBuilder.Build(Config, null).Arguments, Config.Environment["HOSTILE"]];

    /// <summary>What it was told.</summary>
    public IReadOnlyList<string> Received => File.ReadAllText(Told).Split('\0')[..^1];

    /// <summary>Writes the form into a file of the folder.</summary>
    public string Write(ConfigFormat format)
    {
        string file = Path.Combine(Folder, ConfigExport.FileName(format, Config));
        ConfigExport.Save(format, Text(format), file);
        return file;
    }

    public string Text(ConfigFormat format) => ConfigExport.Render(format, [new ExportedServer(Config, null)]);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
