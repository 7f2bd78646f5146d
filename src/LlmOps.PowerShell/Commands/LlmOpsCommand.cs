using System.Management.Automation;
using LlmOps.Binding;

namespace LlmOps.Commands;

/// <summary>The base of every cmdlet: turns errors into error records, stops work on Ctrl+C, and waits for work with progress.</summary>
/// <remarks>Only the pipeline thread may write, so work runs beside it and reports through <see cref="PipelinePump"/>.</remarks>
public abstract class LlmOpsCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PipelinePump _pump = new();
    private int? _progressId;
    private bool _hasPart;

    /// <summary>Is told of every call when its command line is bound, again for each object of the pipeline, and of its errors; null when nobody listens.</summary>
    /// <remarks>How the tests know which parameters they used. Called on the pipeline's thread.</remarks>
    internal static Action<PSCmdlet, ErrorRecord?>? Observer { get; set; }

    /// <inheritdoc />
    protected sealed override void BeginProcessing()
    {
        Observer?.Invoke(this, null);
        try
        {
            Begin();
        }
        catch (LlmOpsException failure)
        {
            // What fails before the first object fails for all of them.
            ErrorRecord record = ErrorRecords.From(failure, null);
            Observer?.Invoke(this, record);
            ThrowTerminatingError(record);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <inheritdoc />
    protected sealed override void ProcessRecord()
    {
        Observer?.Invoke(this, null);
        Attempt(null, Process);
    }

    /// <inheritdoc />
    protected sealed override void EndProcessing() => Attempt(null, End);

    /// <inheritdoc />
    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Before the first object of the pipeline.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>For each object of the pipeline; once when there is no pipeline.</summary>
    protected virtual void Process()
    {
    }

    /// <summary>After the last object of the pipeline.</summary>
    protected virtual void End()
    {
    }

    /// <summary>Writes an error and goes on.</summary>
    protected new void WriteError(ErrorRecord record)
    {
        Observer?.Invoke(this, record);
        base.WriteError(record);
    }

    /// <summary>Writes an object whose lists PowerShell can index.</summary>
    protected new void WriteObject(object? item) => base.WriteObject(IndexableLists.In(item));

    /// <summary>Writes an object, or each one of a collection, whose lists PowerShell can index.</summary>
    protected new void WriteObject(object? item, bool enumerateCollection) => base.WriteObject(IndexableLists.In(item), enumerateCollection);

    /// <summary>Does something for one item; when it fails on purpose, writes the error and lets the next item have its turn.</summary>
    /// <param name="target">What the error record names as its target; null for the cmdlet's input as a whole.</param>
    /// <param name="action">What to do.</param>
    protected void Attempt(object? target, Action action)
    {
        try
        {
            action();
        }
        catch (LlmOpsException failure)
        {
            WriteError(ErrorRecords.From(failure, target));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            WriteError(ErrorRecords.FromFileAccess(failure, target));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Does something for everything that patterns name, each with errors of its own.</summary>
    /// <param name="patterns">Names or paths as the user gave them.</param>
    /// <param name="select">What a pattern names.</param>
    /// <param name="action">What to do with each.</param>
    protected void Each<T>(IEnumerable<string> patterns, Func<string, IEnumerable<T>> select, Action<T> action)
    {
        foreach (string pattern in patterns)
        {
            Attempt(pattern, () =>
            {
                foreach (T item in select(pattern))
                {
                    Attempt(item, () => action(item));
                }
            });
        }
    }

    /// <summary>Waits for work while its progress is shown.</summary>
    /// <param name="work">What to wait for; the token is cancelled when the pipeline is stopped.</param>
    protected internal T Await<T>(Func<CancellationToken, Task<T>> work)
    {
        Task<T> task = Task.Run(() => work(_stop.Token), _stop.Token);
        try
        {
            _pump.RunUntil(task);
        }
        catch
        {
            // The pipeline ended under us (Select-Object -First): end the work too before passing that on.
            _stop.Cancel();
            task.ContinueWith(ended => ended.Exception, TaskScheduler.Default).Wait();
            throw;
        }

        return task.GetAwaiter().GetResult();
    }

    /// <summary>Writes each object of an asynchronous sequence as it comes.</summary>
    /// <param name="sequence">Makes the sequence; the token is cancelled when the pipeline is stopped.</param>
    /// <param name="write">What to do with each object, on the pipeline thread.</param>
    protected void Stream<T>(Func<CancellationToken, IAsyncEnumerable<T>> sequence, Action<T> write)
    {
        IAsyncEnumerator<T> items = sequence(_stop.Token).GetAsyncEnumerator(_stop.Token);
        try
        {
            while (Await(_ => items.MoveNextAsync().AsTask()))
            {
                write(items.Current);
            }
        }
        finally
        {
            items.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>A receiver of progress that may be called on any thread; shows the newest value and drops those in between.</summary>
    /// <param name="activity">What is going on, the progress bar's title.</param>
    /// <param name="show">Fills in the record.</param>
    /// <param name="showPart">Fills in the record of a second bar below, for the part at work; null for one bar.</param>
    protected IProgress<T> ProgressOf<T>(string activity, Action<T, ProgressRecord> show, Action<T, ProgressRecord>? showPart = null)
        where T : class =>
        new LatestProgress<T>(_pump, value =>
        {
            _progressId ??= Environment.TickCount & (int.MaxValue >> 1);
            ProgressRecord record = new(_progressId.Value, activity, activity);
            show(value, record);
            WriteProgress(record);
            if (showPart is not null)
            {
                _hasPart = true;
                ProgressRecord part = new(_progressId.Value + 1, activity, activity) { ParentActivityId = _progressId.Value };
                showPart(value, part);
                WriteProgress(part);
            }
        });

    /// <summary>Takes the progress bar away.</summary>
    protected void EndProgress()
    {
        if (_progressId is int id)
        {
            if (_hasPart)
            {
                WriteProgress(new ProgressRecord(id + 1, "Done", "Done") { ParentActivityId = id, RecordType = ProgressRecordType.Completed });
                _hasPart = false;
            }

            WriteProgress(new ProgressRecord(id, "Done", "Done") { RecordType = ProgressRecordType.Completed });
            _progressId = null;
        }
    }

    /// <summary>Whether the user gave <paramref name="parameter"/> (a default value does not count).</summary>
    protected bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
            _pump.Dispose();
        }
    }
}
