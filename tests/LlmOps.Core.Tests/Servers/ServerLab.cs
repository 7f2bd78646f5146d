using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>A registry of its own and engines made of shell, for one test; leaves no process behind.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ServerLab : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("llmops-servers-").FullName;
    private HttpListener? _health;

    public ServerLab() => Port = FreePorts.Next();

    public ServerRegistry Registry => new(Path.Combine(_root, "servers"));

    public ServerController Controller => new(Registry);

    public int Port { get; }

    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>Writes an engine: a shell script.</summary>
    public string Engine(string script)
    {
        string file = PathOf("engine.sh");
        File.WriteAllText(file, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
        return file;
    }

    public ServerConfig Config(string name, RestartPolicy? restart = null, HealthPolicy? health = null, ServerEndpoint? endpoint = null)
    {
        string model = PathOf("model.gguf");
        File.WriteAllText(model, "GGUF");
        return new ServerConfig
        {
            Name = name,
            Model = model,
            Endpoint = endpoint ?? new ServerEndpoint { Port = Port },
            Restart = restart ?? new RestartPolicy { BackoffSeconds = 0.01 },
            Health = health ?? new HealthPolicy(),
        };
    }

    public StartRequest Request(string name, string script, params string[] arguments) => new()
    {
        Config = Config(name),
        Command = new LaunchCommand(Engine(script), arguments, new Dictionary<string, string>()),
    };

    public ServerStarter Starter() => new(Registry, SupervisorInTests.Command);

    /// <summary>A folder as a starter leaves it, for a supervisor that runs inside the test.</summary>
    public ServerFolder Prepare(string name, string script, RestartPolicy? restart = null, string? apiKeyFile = null, Func<LaunchRecord, LaunchRecord>? change = null)
    {
        ServerFolder folder = new(Path.Combine(Registry.Folder, name));
        ServerEndpoint endpoint = new() { Port = Port, ApiKeyFile = apiKeyFile };
        PrivateFile.CreateFolder(folder.Path);
        folder.Write(Record(name) with { Endpoint = endpoint });
        LaunchRecord launch = new()
        {
            Instance = "lab",
            File = Engine(script),
            Arguments = [],
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = _root,
            Endpoint = endpoint,
            HealthPath = "/health",
            Restart = restart ?? new RestartPolicy { BackoffSeconds = 0.01 },
        };
        folder.Write(change is null ? launch : change(launch));
        return folder;
    }

    public ServerRecord Record(string name) => new()
    {
        Name = name,
        Instance = "lab",
        Engine = EngineNames.LlamaCpp,
        Model = "/models/m.gguf",
        Endpoint = new ServerEndpoint { Port = Port },
        StartedAt = DateTimeOffset.UtcNow,
    };

    /// <summary>Answers no more, as if the server hung.</summary>
    public void FallSilent() => _health?.Stop();

    /// <summary>Answers like a server that is ready, on the lab's port.</summary>
    public void AnswerHealth()
    {
        _health = new HttpListener();
        _health.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/"));
        _health.Start();
        _ = AnswerAsync(_health);
    }

    public static async Task Until(Func<bool> condition)
    {
        long deadline = Environment.TickCount64 + 20_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, "It did not happen within 20 s.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _health?.Close();
        foreach (LlmServer server in Registry.List())
        {
            if (server.SupervisorPid == Environment.ProcessId)
            {
                // A test with a supervisor of its own failed; stopping that would stop the tests.
                await new EngineGroup(null, EngineGroup.Mark(Registry.FolderOf(server.Name))).SweepAsync();
                continue;
            }

            await Controller.StopAsync(server.Name, TimeSpan.Zero, CancellationToken.None);
        }

        Directory.Delete(_root, recursive: true);
    }

    private static async Task AnswerAsync(HttpListener listener)
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                byte[] body = Encoding.UTF8.GetBytes(context.Request.Url!.AbsolutePath == "/props"
                    ? """{"default_generation_settings":{"n_ctx":4096},"total_slots":3}"""
                    : """{"status":"ok"}""");
                try
                {
                    context.Response.OutputStream.Write(body);
                    context.Response.Close();
                }
                catch (Exception problem) when (listener.IsListening && problem is HttpListenerException or ObjectDisposedException or IOException)
                {
                    // Who asked has gone; the next one wants an answer all the same.
                }
            }
        }
        catch (Exception problem) when (problem is HttpListenerException or ObjectDisposedException)
        {
            // Closed at the end of the test.
        }
    }
}
