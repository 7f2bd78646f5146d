using System.Diagnostics;
using System.Globalization;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Logs;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>Waits for a server to become ready and tells of its progress; notices its end, a standstill and the end of patience.</summary>
internal sealed class StartWatch(ServerFolder folder, TimeSpan stall, TimeSpan? timeout, IProgress<StartProgress>? progress) : IDisposable
{
    private const int LastLinesCount = 20;

    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly SignsOfLife _life = new();
    private readonly RecordStamp _stamp = new(folder);
    private readonly GpuActivity _gpus = new(folder, new SurveyOptions());
    private ILogReader? _log;
    private IEngineLog? _reader;
    private string _activity = "starting";
    private long _modelBytes = -1;

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    /// <summary>Waits until the server is ready.</summary>
    /// <exception cref="ServerFailedException">It ended, stalled or took too long. In the latter two cases it still runs.</exception>
    public async Task<LlmServer> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        TimeSpan lastSign = TimeSpan.Zero;
        ServerState? lastState = null;
        while (true)
        {
            LlmServer server = ServerView.Read(folder);
            bool alive = (lastState is not null || server.State != ServerState.Ready) && ReportNewLines(server);
            alive |= server.State != lastState;
            lastState = server.State;
            switch (server.State)
            {
                case ServerState.Ready or ServerState.Unsupervised when server.ReadyAt is not null:
                    Report(server, "ready", 1, null);
                    return server;
                case ServerState.Stopped or ServerState.Failed or ServerState.Unsupervised:
                    throw Ended(server);
            }

            if (alive || (server.Pid is { } pid && _life.HaveChanged(pid)))
            {
                lastSign = Elapsed;
            }
            else if (Elapsed - lastSign > stall && _gpus.IsBusy(cancellationToken))
            {
                lastSign = Elapsed;
            }
            else if (Elapsed - lastSign > stall)
            {
                throw Problem(server, "ServerStalled", ErrorKind.Timeout,
                    $"showed no sign of life for {Seconds(stall)} while {_activity}; a disk, a network drive or a driver may hang");
            }

            if (Elapsed > timeout)
            {
                throw Problem(server, "ServerStartTimeout", ErrorKind.Timeout,
                    $"was not ready within {Seconds(timeout.Value)} (it was {_activity}); give it more time or a smaller model");
            }

            await PauseAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // Quick at first, because small models are, but then beside an engine that wants the processor: a look at the stamp instead of all that a look takes.
    // Later the look itself should cost nothing.
    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        TimeSpan elapsed;
        do
        {
            elapsed = Elapsed;
            await ShortPause.WaitAsync(elapsed.TotalSeconds switch { < 1 => 3, < 3 => 15, _ => 50 }, elapsed, cancellationToken).ConfigureAwait(false);
        }
        while (elapsed.TotalSeconds < 1 && !_stamp.IsLookDue());
    }

    /// <inheritdoc />
    public void Dispose() => _log?.Dispose();

    private bool ReportNewLines(LlmServer server)
    {
        _log ??= ServerRuntimes.Of(server.Runtime).OpenLog(folder, tail: null);
        _reader ??= (KnownEngines.Find(server.Engine) ?? KnownEngines.All[0]).NewLog([]);
        bool alive = false;
        IReadOnlyList<string> lines = _log.ReadNew(keepPartial: server.IsRunning());
        foreach (string line in lines)
        {
            string text = LogLine.WithoutTime(line);
            LogStep step = _reader.AddLoading(text);
            _activity = step.Activity ?? _activity;
            alive |= step.IsSignOfLife;
            Report(server, _activity, step.Fraction, text);
        }

        if (progress is not null && lines.Count == 0 && _activity == _reader.WeightsActivity && server.Pid is { } pid)
        {
            Report(server, _activity, SignsOfLife.LoadedFraction(pid, ModelBytes(server)), null);
        }

        return alive;
    }

    private void Report(LlmServer server, string activity, double? fraction, string? line) =>
        progress?.Report(new StartProgress(server.State, activity, fraction, Elapsed, line));

    private long ModelBytes(LlmServer server) =>
        _modelBytes >= 0 ? _modelBytes : _modelBytes = File.Exists(server.Model) ? new FileInfo(server.Model).Length : 0;

    private ServerFailedException Ended(LlmServer server)
    {
        string how = server.State switch
        {
            ServerState.Stopped => "was stopped before it was ready",
            ServerState.Unsupervised => "lost its supervisor before it was ready; stop it and start it again",
            _ => server.Reason ?? "ended before it was ready",
        };
        return Problem(server, server.FaultId == LoadJudgement.CpuFallback ? "ServerFellBackToCpu" : "ServerFailed", ErrorKind.ServerFailed, how);
    }

    private ServerFailedException Problem(LlmServer server, string errorId, ErrorKind kind, string what)
    {
        List<string> lines = [.. CurrentRun(ServerLog.Tail(server, 2000)).Select(LogLine.WithoutTime)];
        IReadOnlyList<FaultFinding> found = FaultCatalogue.Default.Diagnose(lines);
        if (server is { FaultId: { } known, Reason: { } told } && found.All(finding => finding.Id != known))
        {
            // Not the log told of it but the manager: of a container that the kernel killed nothing else does.
            found = [.. FaultCatalogue.Default.Diagnose([told]).Where(finding => finding.Id == known), .. found];
        }

        IReadOnlyList<FaultFinding> findings = FaultAdvisor.Advise(found, FaultContext.Of(server));
        List<FaultFinding> causes = [.. findings.Where(finding => finding.Severity == FaultSeverity.Error)];

        // A notice that somebody is waited for is harmless while something moves; where nothing does, it is what there is to go by.
        FaultFinding? cause = causes.FirstOrDefault() ?? (errorId == "ServerStalled" ? findings.FirstOrDefault(IsWaiting) : null);
        string remedy = cause is null ? string.Empty : $" {cause.Remedy}";
        return new ServerFailedException(
            $"Server '{server.Name}' {what}.{remedy} Log: {server.LogPath}", errorId, server, causes, [.. lines.TakeLast(LastLinesCount)]) { Kind = kind };
    }

    private bool IsWaiting(FaultFinding finding) => _reader?.AddLoading(finding.Line).IsSignOfLife == false;

    /// <summary>The lines of the last run: older ones may tell of an older fault.</summary>
    private static IEnumerable<string> CurrentRun(IReadOnlyList<string> lines)
    {
        int start = lines.Count - 1;
        while (start > 0 && !lines[start].Contains($"{LogLine.NoteMark} starting ", StringComparison.Ordinal))
        {
            start--;
        }

        return lines.Skip(Math.Max(0, start));
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
