using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>What a server's files on disk say, and how changes of them are noticed.</summary>
public sealed class RecordTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("llmops-record-").FullName;

    private ServerFolder Folder => new(_path);

    [Fact]
    public void Every_state_is_named_and_read_as_the_enumeration_does()
    {
        foreach (ServerState state in Enum.GetValues<ServerState>())
        {
            Assert.Equal((state.ToString(), (ServerState?)state), (ServerStates.ToName(state), ServerStates.Parse(state.ToString())));
        }

        Assert.Null(ServerStates.Parse("ready"));
    }

    [Fact]
    public void Every_restart_mode_is_named_and_read_as_the_enumeration_does()
    {
        foreach (RestartMode mode in Enum.GetValues<RestartMode>())
        {
            Assert.Equal((mode.ToString(), (RestartMode?)mode), (RestartModes.ToName(mode), RestartModes.ParseName(mode.ToString())));
        }

        Assert.Null(RestartModes.ParseName("on-failure"));
    }

    [Fact]
    public void A_record_with_an_unknown_state_is_damaged()
    {
        ServerFolder folder = Folder;
        folder.Write(Record);
        File.WriteAllText(folder.RecordFile, File.ReadAllText(folder.RecordFile).Replace("\"Loading\"", "\"Dreaming\"", StringComparison.Ordinal));

        Assert.Equal("ServerRecordDamaged", Assert.Throws<LlmOpsException>(() => folder.ReadRecord()).ErrorId);
    }

    [Fact]
    public void A_stamp_changes_with_the_record_and_only_then()
    {
        ServerFolder folder = Folder;
        RecordStamp stamp = new(folder);
        Assert.False(stamp.HasChanged() && stamp.HasChanged());

        folder.Write(Record);
        Assert.Equal((true, false), (stamp.HasChanged(), stamp.HasChanged()));

        folder.Write(Record with { State = ServerState.Ready, ReadyAt = DateTimeOffset.UtcNow });
        Assert.Equal((true, false), (stamp.HasChanged(), stamp.HasChanged()));

        File.Delete(folder.RecordFile);
        Assert.True(stamp.HasChanged());
    }

    [Fact]
    public void A_look_is_due_when_the_record_has_changed_and_every_tenth_time()
    {
        ServerFolder folder = Folder;
        folder.Write(Record);
        RecordStamp stamp = new(folder);
        Assert.True(stamp.IsLookDue());
        Assert.Equal([.. Enumerable.Repeat(false, 9), true, false], Enumerable.Range(0, 11).Select(_ => stamp.IsLookDue()));

        folder.Write(Record with { Reason = "changed" });
        Assert.Equal((true, false), (stamp.IsLookDue(), stamp.IsLookDue()));
    }

    [Theory]
    [InlineData("0.0.0.0", "http://127.0.0.1:8080")]
    [InlineData("::", "http://[::1]:8080")]
    [InlineData("[fe80::1]", "http://[fe80::1]:8080")]
    [InlineData("gpu-box", "http://gpu-box:8080")]
    public void A_servers_address_is_the_one_that_clients_of_this_machine_call(string host, string expected)
    {
        ServerEndpoint endpoint = new() { Host = host, Port = 8080 };
        LlmServer server = new() { Name = "a", Engine = "llama.cpp", Model = "m", LogPath = "l", ConfigPath = "c", Address = endpoint.Address };

        Assert.Equal((expected, new Uri(expected), endpoint.Uri), (server.Address, server.Endpoint, server.Endpoint));
        Assert.Equal(server, server with { Endpoint = endpoint.Uri });
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private static ServerRecord Record => new()
    {
        Name = "a", Instance = "1", Engine = "llama.cpp", Model = "m", State = ServerState.Loading, Endpoint = new ServerEndpoint(), StartedAt = DateTimeOffset.UnixEpoch,
    };
}
