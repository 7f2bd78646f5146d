namespace LlmOps.Integration.Tests;

/// <summary>Waits for something that another process does.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Looks again and again until <paramref name="condition"/> holds.</summary>
    public static async Task<T> Is<T>(Func<T> look, Func<T, bool> condition, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        DateTime until = DateTime.UtcNow + Patience;
        while (true)
        {
            T now = look();
            if (condition(now))
            {
                return now;
            }

            Assert.True(DateTime.UtcNow < until, $"still {now}");
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
