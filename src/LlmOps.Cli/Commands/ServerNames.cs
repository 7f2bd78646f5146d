using System.CommandLine;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>The argument that names servers, with wildcards, and <c>--all</c>.</summary>
internal sealed class ServerNames
{
    private readonly Argument<string[]> _names = new("NAME") { Description = "Servers; * and ? match several.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _all = new("--all") { Description = "All servers." };

    /// <summary>Adds the argument and the option to <paramref name="command"/>.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_names);
        command.Options.Add(_all);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_all) == (result.GetValue(_names) is { Length: > 0 }))
            {
                result.AddError("name the servers, or give --all");
            }
        });
    }

    /// <summary>Whether all servers are meant, and none by its name.</summary>
    public bool AreAll(ParseResult parsed) => parsed.GetValue(_all);

    /// <summary>The servers meant, each once.</summary>
    /// <exception cref="LlmOpsException">A name without wildcards that no server has.</exception>
    public IReadOnlyList<LlmServer> Find(ParseResult parsed, ServerRegistry registry)
    {
        return parsed.GetValue(_all) ? registry.List() : Find(parsed.GetRequiredValue(_names), registry);
    }

    /// <summary>The servers of these names and patterns, each once.</summary>
    /// <exception cref="LlmOpsException">A name without wildcards that no server has.</exception>
    public static IReadOnlyList<LlmServer> Find(IEnumerable<string> names, ServerRegistry registry)
    {
        List<LlmServer> servers = [];
        foreach (string name in names)
        {
            servers.AddRange(name.AsSpan().ContainsAny('*', '?') ? registry.Match(name) : [Require(registry, name)]);
        }

        return [.. servers.DistinctBy(server => server.Name)];
    }

    /// <summary>The server called <paramref name="name"/>.</summary>
    /// <exception cref="LlmOpsException">There is none.</exception>
    public static LlmServer Require(ServerRegistry registry, string name) => registry.Find(name) ?? throw Unknown(registry, name);

    private static LlmOpsException Unknown(ServerRegistry registry, string name)
    {
        string[] known = [.. registry.List().Select(server => server.Name)];
        string hint = known.Length == 0 ? "there are no servers"
            : Spelling.Nearest(name, known) is { } near ? $"did you mean '{near}'?"
            : $"there are {string.Join(", ", known)}";
        return new LlmOpsException($"no server is called '{name}'; {hint}", "ServerNotFound") { Kind = ErrorKind.NotFound };
    }
}
