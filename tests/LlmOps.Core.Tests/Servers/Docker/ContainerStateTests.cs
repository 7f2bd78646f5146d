using LlmOps.Servers.Docker;

namespace LlmOps.Tests.Servers.Docker;

/// <summary>Reading <c>docker inspect</c>.</summary>
public sealed class ContainerStateTests
{
    [Fact]
    public void A_container_that_the_kernel_killed_for_its_memory_says_so()
    {
        // Shortened from docker 20.10.
        ContainerState state = Assert.Single(ContainerState.ReadAll(
            """
            [{"Id":"d8b0","State":{"Status":"exited","Running":false,"Restarting":false,"OOMKilled":true,"Pid":0,"ExitCode":137,"Error":"",
              "StartedAt":"2026-11-21T15:37:26.731976821Z","FinishedAt":"2026-11-21T15:40:00Z"},
              "LogPath":"/var/lib/docker/containers/d8b0/d8b0-json.log","RestartCount":2,
              "Config":{"Labels":{"llmops.server":"qwen"}}}]
            """));

        Assert.Equal(("exited", true, 137, 2, (int?)null, (string?)null), (state.Status, state.OutOfMemory, state.ExitCode, state.Restarts, state.Pid, state.Error));
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 15, 40, 0, TimeSpan.Zero), state.FinishedAt);
        Assert.Equal("qwen", state.Labels["llmops.server"]);
    }

    [Fact]
    public void A_container_that_never_ran_has_no_times_and_says_what_kept_it()
    {
        ContainerState state = Assert.Single(ContainerState.ReadAll(
            """[{"Id":"a","State":{"Status":"created","Pid":0,"ExitCode":128,"Error":"could not select device driver","StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"0001-01-01T00:00:00Z"},"Config":{"Labels":null}}]"""));

        Assert.Equal("could not select device driver", state.Error);
        Assert.Null(state.StartedAt);
        Assert.Empty(state.Labels);
    }
}
