namespace LlmOps.Core.Tests.Engines.LlamaCpp.Install;

/// <summary>Progress that is kept in order; <see cref="Progress{T}"/> would post it elsewhere.</summary>
internal sealed class Messages : IProgress<string>
{
    public List<string> All { get; } = [];

    public void Report(string value)
    {
        lock (All)
        {
            All.Add(value);
        }
    }
}
