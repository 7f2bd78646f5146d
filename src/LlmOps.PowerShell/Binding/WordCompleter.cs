using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace LlmOps.Binding;

/// <summary>Completes words that are known beforehand, each with its meaning.</summary>
/// <param name="words">The words.</param>
public abstract class WordCompleter(params (string Word, string Meaning)[] words) : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from known in words
        where Completion.Matches(known.Word, wordToComplete)
        select Completion.Of(known.Word, known.Meaning);
}

/// <summary>Completes CUDA compute capabilities.</summary>
public sealed class ComputeCapabilityCompleter() : WordCompleter(
    ("6.1", "Pascal: GTX 10, P40"), ("7.0", "Volta: V100"), ("7.5", "Turing: RTX 20, T4"), ("8.0", "Ampere: A100, A30"), ("8.6", "Ampere: RTX 30, A40"),
    ("8.9", "Ada: RTX 40, L4, L40"), ("9.0", "Hopper: H100, H200"), ("10.0", "Blackwell: B200"), ("12.0", "Blackwell: RTX 50, RTX PRO"));

/// <summary>Completes addresses to listen on.</summary>
public sealed class ListenAddressCompleter() : WordCompleter(
    ("127.0.0.1", "only this machine"), ("0.0.0.0", "everybody who reaches this machine; needs -ApiKeyFile"), ("::1", "only this machine, by IPv6"), ("::", "everybody, by IPv6 too; needs -ApiKeyFile"));

/// <summary>Completes the objectives of a measurement.</summary>
public sealed class ObjectiveCompleter() : WordCompleter(
    ("Ttft=", "seconds to the first token"), ("Tpot=", "seconds per output token"), ("Itl=", "seconds between two chunks"), ("E2e=", "seconds of a whole request"),
    ("Attainment=", "share of the requests that must meet them, such as 0.99"));
