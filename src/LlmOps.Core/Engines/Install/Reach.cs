using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Engines.Install;

/// <summary>Whether an address answers, so that a plan does not name a source that this machine cannot reach.</summary>
internal static class Reach
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Why <paramref name="address"/> is out of reach; null when it answers anything at all, a refusal included.</summary>
    public static async Task<string?> WhyNotAsync(Uri address, CancellationToken cancellationToken)
    {
        using HttpClient http = ReleaseArchiveProvider.Client(s_patience);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Head, address);
            using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            return (int)answer.StatusCode >= 500 ? $"{address.Authority} answers {(int)answer.StatusCode}" : null;
        }
        catch (HttpRequestException problem)
        {
            return $"{address.Authority} cannot be reached: {problem.Message.TrimEnd('.')}";
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{address.Authority} did not answer within {s_patience.TotalSeconds:0} s";
        }
    }
}
