using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace LlmOps.StandIns.Vllm;

/// <summary>The server: takes its port, starts, answers until it is asked to end or its engine dies.</summary>
internal static class Serving
{
    /// <summary>Runs it to its end.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(CommandLine told, string version, string? banner)
    {
        if (banner is not null)
        {
            Console.Out.WriteLine(banner);
        }

        ServedModel model = ServedModel.Of(told);
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Ask(signal, stop));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Ask(signal, stop));
        string host = told["host"] ?? "0.0.0.0";
        int port = told.Number("port", 8000);
        try
        {
            // As vLLM does: bound first, so that a port in use shows before minutes of loading; answered only when all is loaded.
            Failures.Meet("port-taken", model);
            Bind(listener, host, port, model);
            Task starting = new StartSequence(model, told, version).RunAsync();
            Failures.Meet("killed", model);
            await Task.WhenAny(starting, stop.Task);
            if (stop.Task.IsCompleted)
            {
                return 0;
            }

            await starting;
        }
        catch (StartFailed)
        {
            return 1;
        }

        Counters counters = new(model);
        Engine engine = new(model, counters);
        string? key = told["api-key"] ?? (Environment.GetEnvironmentVariable("VLLM_API_KEY") is { Length: > 0 } given ? given : null);
        Api api = new(model, engine, counters, told, version, key);
        Task died = engine.RunAsync();
        if (!told.IsOn("disable-log-stats"))
        {
            _ = new StatsLog(counters, model).RunAsync();
        }

        listener.Listen(4096);
        Log.Info(Log.Server, "api_server.py:598", $"Starting vLLM server on http://{host}:{port}");
        Log.Info(Log.Server, "launcher.py:37", "Available routes are:");
        foreach (string route in new[] { "/health, Methods: GET", "/v1/models, Methods: GET", "/v1/chat/completions, Methods: POST", "/v1/completions, Methods: POST", "/tokenize, Methods: POST", "/metrics, Methods: GET" })
        {
            Log.Info(Log.Server, "launcher.py:46", $"Route: {route}");
        }

        Log.Bare(Log.Server, "INFO:     Started server process [1]");
        Log.Bare(Log.Server, "INFO:     Waiting for application startup.");
        Log.Bare(Log.Server, "INFO:     Application startup complete.");
        _ = AcceptAsync(listener, api, !told.IsOn("disable-uvicorn-access-log"));
        await Task.WhenAny(stop.Task, died);
        if (died.IsCompleted)
        {
            Log.Bare(Log.Server, "INFO:     Shutting down");
            await Task.Delay(50); // Answers on their way.
            return 1;
        }

        Log.Bare(Log.Server, "INFO:     Shutting down");
        Log.Bare(Log.Server, "INFO:     Application shutdown complete.");
        return 0;
    }

    private static void Ask(PosixSignalContext signal, TaskCompletionSource stop)
    {
        signal.Cancel = true;
        stop.TrySetResult();
    }

    private static void Bind(Socket listener, string host, int port, ServedModel model)
    {
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.TryParse(host, out IPAddress? address) ? address : IPAddress.Loopback, port));
        }
        catch (SocketException)
        {
            Failures.Now("port-taken", model);
        }
    }

    private static async Task AcceptAsync(Socket listener, Api api, bool logs)
    {
        while (true)
        {
            Socket client = await listener.AcceptAsync();
            _ = AnswerAsync(client, api, logs);
        }
    }

    private static async Task AnswerAsync(Socket socket, Api api, bool logs)
    {
        using (socket)
        {
            socket.NoDelay = true;
            Connection client = new(socket);
            try
            {
                while (await client.ReadAsync() is { } request)
                {
                    int status = await api.AnswerAsync(client, request);
                    if (logs)
                    {
                        Log.Bare(Log.Server, $"INFO:     {socket.RemoteEndPoint} - \"{request.Method} {request.Path} HTTP/1.1\" {status}");
                    }
                }
            }
            catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
            {
                // The client is gone.
            }
        }
    }
}
