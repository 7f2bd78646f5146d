using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>Asks a server whether it is ready, and what it made of its options.</summary>
internal sealed class ReadinessProbe(ServerEndpoint endpoint, string healthPath, IEngine engine)
{
    private const int Ok = 200;

    // An engine that loads may take long to answer; it is not asked again meanwhile.
    private static readonly TimeSpan s_healthLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_factsLimit = TimeSpan.FromSeconds(2);

    private readonly BriefHttp _health = new(endpoint, s_healthLimit);
    private TaskCompletionSource _nudge = NewNudge();

    /// <summary>Asks again at once instead of after the usual pause.</summary>
    public void Nudge() => Volatile.Read(ref _nudge).TrySetResult();

    /// <summary>Asks until the server says that it is ready.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void WaitUntilReady(CancellationToken cancellationToken)
    {
        long started = Environment.TickCount64;
        while (_health.Get(healthPath, cancellationToken) is not { Status: Ok })
        {
            // Small models are ready in a blink; after that, loading takes long and each request costs the server a log line.
            int pause = (Environment.TickCount64 - started) switch { < 3_000 => 50, < 30_000 => 100, _ => 500 };
            if (Volatile.Read(ref _nudge).Task.Wait(pause, cancellationToken))
            {
                Volatile.Write(ref _nudge, NewNudge());
            }
        }
    }

    /// <summary>Whether the server answers at all within <paramref name="limit"/>, whatever it says.</summary>
    public bool IsAnswering(TimeSpan limit, CancellationToken cancellationToken) => new BriefHttp(endpoint, limit).Get(healthPath, cancellationToken) is not null;

    /// <summary>What the server says of itself when it is ready; null when it is not. For those who only pass by.</summary>
    public static ServerFacts? Ask(ServerEndpoint endpoint, string healthPath, IEngine engine)
    {
        BriefHttp server = new(endpoint, s_factsLimit);
        return server.Get(healthPath, CancellationToken.None) is { Status: Ok } ? FactsOf(server.Get(engine.FactsPath, CancellationToken.None), engine) : null;
    }

    /// <summary>Asks what the server made of its options. Only for display, so a server that does not say is no error.</summary>
    public ServerFacts ReadFacts(CancellationToken cancellationToken) => FactsOf(new BriefHttp(endpoint, s_factsLimit).Get(engine.FactsPath, cancellationToken), engine);

    private static ServerFacts FactsOf(BriefHttp.Answer? answer, IEngine engine)
    {
        if (answer is not { Status: Ok, Body: var body })
        {
            return ServerFacts.None;
        }

        try
        {
            using JsonDocument facts = JsonDocument.Parse(body);
            return engine.ReadFacts(facts.RootElement);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return ServerFacts.None; // Something else answers there.
        }
    }

    private static TaskCompletionSource NewNudge() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
