namespace LlmOps.Servers;

/// <summary>A log's last lines, then what is new.</summary>
internal sealed class TailedLogReader(IReadOnlyList<string> last, ILogReader rest) : ILogReader
{
    private bool _begun;

    /// <inheritdoc />
    public IReadOnlyList<string> ReadNew(bool keepPartial)
    {
        if (_begun)
        {
            return rest.ReadNew(keepPartial);
        }

        _begun = true;
        return [.. last, .. rest.ReadNew(keepPartial)];
    }

    /// <inheritdoc />
    public void Dispose() => rest.Dispose();
}
