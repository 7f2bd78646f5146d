using System.Text;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Configuration.Export.Clients;
using LlmOps.Processes;

namespace LlmOps.Tests.Configuration.Export;

/// <summary>What client programs are told: as they read it, and never a key.</summary>
public sealed class ClientExportTests : IDisposable
{
    private const string Secret = "sk-not-to-be-written-anywhere";

    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-clients-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<ClientApplication> Clients => [.. Enum.GetValues<ClientApplication>()];

    [Theory]
    [MemberData(nameof(Clients))]
    public void No_client_gets_the_key_itself_and_each_is_told_where_it_is(ClientApplication client)
    {
        ClientTarget target = Target(withKey: true);

        string text = ClientExport.Write(client, target);

        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.Contains(target.ApiKeyFile!, text + ClientExport.Hint(client, target), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_reads_the_variables_and_the_key_from_its_file()
    {
        string file = Path.Combine(_folder, "openai.sh");
        File.WriteAllText(file, ClientExport.Write(ClientApplication.OpenAI, Target(withKey: true)));

        ProcessResult result = await ProcessRunner.RunAsync(
            new ProcessRequest("bash", ["-c", ". \"$0\"; printenv OPENAI_BASE_URL OPENAI_API_KEY OPENAI_MODEL", file]) { Timeout = TimeSpan.FromMinutes(1) }, TestContext.Current.CancellationToken);

        Assert.Equal($"http://gpu-box:8090/v1\n{Secret}\nit's \"the\" model\n", result.StandardOutput);
    }

    [Fact]
    public void OpenClaw_has_the_provider_the_model_with_its_context_and_the_variable_of_its_key()
    {
        JsonElement root = Json(ClientApplication.OpenClaw, withKey: true);
        JsonElement provider = root.GetProperty("models").GetProperty("providers").GetProperty("chat");
        JsonElement model = provider.GetProperty("models")[0];

        Assert.Equal(("http://gpu-box:8090/v1", "openai-completions", "${CHAT_API_KEY}"), (Text(provider, "baseUrl"), Text(provider, "api"), Text(provider, "apiKey")));
        Assert.Equal(("it's \"the\" model", 8192, 2048), (Text(model, "id"), model.GetProperty("contextWindow").GetInt32(), model.GetProperty("maxTokens").GetInt32()));
        Assert.Equal("chat/it's \"the\" model", root.GetProperty("agents").GetProperty("defaults").GetProperty("model").GetProperty("primary").GetString());
    }

    [Fact]
    public void One_api_gets_a_base_address_without_v1_to_which_it_appends_the_path()
    {
        JsonElement channel = Json(ClientApplication.OneApi, withKey: false);

        Assert.Equal(("http://gpu-box:8090", 1, "it's \"the\" model", "none"), (Text(channel, "base_url"), channel.GetProperty("type").GetInt32(), Text(channel, "models"), Text(channel, "key")));
    }

    [Fact]
    public void Page_assist_gets_what_its_import_reads()
    {
        JsonElement provider = Json(ClientApplication.PageAssist, withKey: false).GetProperty("oaiConfigs")[0];

        Assert.Equal(("openai", "llamacpp", "http://gpu-box:8090/v1", ""), (Text(provider, "db_type"), Text(provider, "provider"), Text(provider, "baseUrl"), Text(provider, "apiKey")));
    }

    [Fact]
    public void Cherry_studio_decodes_its_link_to_the_provider()
    {
        string link = ClientExport.Write(ClientApplication.CherryStudio, Target(withKey: false) with { Name = "模型>>>???" }).Trim();
        string data = link["cherrystudio://providers/api-keys?v=1&data=".Length..];

        Assert.DoesNotContain('+', data);
        Assert.DoesNotContain('/', data);
        JsonElement provider = JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(data.Replace('_', '+').Replace('-', '/')))).RootElement;
        Assert.Equal(("llmops-模型>>>???", "http://gpu-box:8090/v1", "openai"), (Text(provider, "id"), Text(provider, "baseUrl"), Text(provider, "type")));
    }

    [Fact]
    public void A_name_that_is_no_machines_is_refused()
    {
        ServerConfig config = new() { Name = "chat", Model = "/models/m.gguf" };

        Assert.Equal("HostNameInvalid", Assert.Throws<LlmOpsException>(() => ClientTarget.Of(config, "not a host/at all")).ErrorId);
        Assert.Equal("http://[fd00::5]:8080/v1", ClientTarget.Of(config, "fd00::5").OpenAIBase);
        Assert.Equal("m.gguf", ClientTarget.Of(config, null).Model);
    }

    private ClientTarget Target(bool withKey)
    {
        string key = Path.Combine(_folder, "the key");
        File.WriteAllText(key, Secret + "\n");
        ServerConfig config = new() { Name = "chat", Model = "/models/m.gguf", Alias = "it's \"the\" model", Endpoint = new ServerEndpoint { Host = "0.0.0.0", Port = 8090, ApiKeyFile = withKey ? key : null } };
        return ClientTarget.Of(config, "gpu-box") with { ContextLength = 8192 };
    }

    private JsonElement Json(ClientApplication client, bool withKey) => JsonDocument.Parse(ClientExport.Write(client, Target(withKey))).RootElement;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
