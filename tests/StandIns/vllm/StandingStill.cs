using System.Diagnostics;

namespace LlmOps.StandIns.Vllm;

/// <summary>Ways not to go on: compiling for long, which a process of its own does, and hanging, which nobody can see from the log alone.</summary>
internal static class StandingStill
{
    private const string Notice = "No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation, weight/kv cache quantization).";

    /// <summary>Stands still when it was told to.</summary>
    public static async Task MeetAsync()
    {
        switch (Knobs.Failure)
        {
            case "stall":
                await Task.Delay(Timeout.Infinite);
                break;
            case "stall-with-notices":
                await NoticesAsync(int.MaxValue);
                break;
            case "slow-compile":
                // Another process computes, as vLLM's workers do; the one that was started only says that it waits.
                using (Process busy = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "while :; do :; done"]))!)
                {
                    await NoticesAsync(8);
                    busy.Kill();
                    await busy.WaitForExitAsync();
                }

                break;
        }
    }

    private static async Task NoticesAsync(int count)
    {
        for (int said = 0; said < count; said++)
        {
            await Task.Delay(TimeSpan.FromSeconds(Knobs.NoticeSeconds));
            Log.Info(Log.Core, "shm_broadcast.py:681", Notice);
        }
    }
}
