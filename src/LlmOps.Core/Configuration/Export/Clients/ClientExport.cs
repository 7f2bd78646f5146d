using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmOps.Engines;

namespace LlmOps.Configuration.Export.Clients;

/// <summary>Writes what client programs have to be told of a server. No key is written: its file is named where the key belongs.</summary>
/// <remarks>
/// Sources: openclaw/openclaw <c>docs/providers/vllm.md</c>; songquanpeng/one-api <c>model/channel.go</c>, <c>relay/channeltype/define.go</c> and <c>docs/API.md</c>;
/// n4ze3m/page-assist <c>src/libs/export-import.ts</c>, <c>src/db/dexie/openai.ts</c> and <c>src/utils/oai-api-providers.ts</c>; CherryHQ/cherry-studio
/// <c>src/main/services/urlschema/handle-providers.ts</c>; openai/openai-python <c>README.md</c>. Read, not tried with the programs themselves.
/// </remarks>
public static class ClientExport
{
    /// <summary>What a server without a key is given as one, by programs that insist on it.</summary>
    private const string NoKey = "none";

    // OpenAI's own kind: requests are passed on as they are to the base address.
    private const int OneApiOpenAI = 1;

    // An answer may have a quarter of the context; the rest is for the question.
    private const int AnswerShare = 4;

    private static readonly JsonWriterOptions s_readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a file with these settings is usually called.</summary>
    public static string FileName(ClientApplication application, ClientTarget target) => application switch
    {
        ClientApplication.OpenAI => $"{target.Name}.openai.sh",
        ClientApplication.OpenClaw => $"{target.Name}.openclaw.json",
        ClientApplication.OneApi => $"{target.Name}.one-api.json",
        ClientApplication.PageAssist => $"{target.Name}.page-assist.json",
        _ => $"{target.Name}.cherry-studio.txt",
    };

    /// <summary>What to do with the settings, in one line.</summary>
    public static string Hint(ClientApplication application, ClientTarget target)
    {
        string key = target.ApiKeyFile is { } file ? $" Replace the text about {file} by the key in it." : string.Empty;
        return application switch
        {
            ClientApplication.OpenAI => "Source it in the shell that starts the client.",
            ClientApplication.OpenClaw => $"Merge it into ~/.openclaw/openclaw.json.{(target.ApiKeyFile is { } keys ? $" OpenClaw needs {KeyVariable(target)} set to the key in {keys}." : string.Empty)}",
            ClientApplication.OneApi => $"Send it to POST /api/channel/ of one-api with an administrator's token.{key}",
            ClientApplication.PageAssist => $"Import it under Settings, Manage Share, Import.{key}",
            _ => $"Open the link on the machine that has Cherry Studio.{(target.ApiKeyFile is { } secret ? $" The link holds no key: enter the one in {secret} in the provider's settings." : string.Empty)}",
        };
    }

    /// <summary>The settings.</summary>
    public static string Write(ClientApplication application, ClientTarget target) => application switch
    {
        ClientApplication.OpenAI => Variables(target),
        ClientApplication.OpenClaw => Json(json => OpenClaw(json, target)),
        ClientApplication.OneApi => Json(json => OneApi(json, target)),
        ClientApplication.PageAssist => Json(json => PageAssist(json, target)),
        _ => CherryStudio(target),
    };

    // The client's own default model is read by some tools only; the address and key by all.
    private static string Variables(ClientTarget target)
    {
        StringBuilder text = new();
        text.Append("export OPENAI_BASE_URL=").Append(ShellText.Quote(target.OpenAIBase)).Append('\n');
        text.Append(target.ApiKeyFile is { } file ? $"OPENAI_API_KEY=\"$(head -n 1 {ShellText.Quote(file)})\"\nexport OPENAI_API_KEY\n" : $"export OPENAI_API_KEY={NoKey}\n");
        return text.Append("export OPENAI_MODEL=").Append(ShellText.Quote(target.Model)).Append('\n').ToString();
    }

    private static void OpenClaw(Utf8JsonWriter json, ClientTarget target)
    {
        json.WriteStartObject("models");
        json.WriteStartObject("providers");
        json.WriteStartObject(target.Name);
        json.WriteString("baseUrl", target.OpenAIBase);
        json.WriteString("apiKey", target.ApiKeyFile is null ? NoKey : $"${{{KeyVariable(target)}}}");
        json.WriteString("api", "openai-completions");
        json.WriteStartArray("models");
        json.WriteStartObject();
        json.WriteString("id", target.Model);
        json.WriteString("name", target.Model);
        json.WriteStartArray("input");
        json.WriteStringValue("text");
        json.WriteEndArray();
        if (target.ContextLength is { } context)
        {
            json.WriteNumber("contextWindow", context);
            json.WriteNumber("maxTokens", context / AnswerShare);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("agents");
        json.WriteStartObject("defaults");
        json.WriteStartObject("model");
        json.WriteString("primary", $"{target.Name}/{target.Model}");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // one-api appends the whole path of a request, /v1 included.
    private static void OneApi(Utf8JsonWriter json, ClientTarget target)
    {
        json.WriteString("name", target.Name);
        json.WriteNumber("type", OneApiOpenAI);
        json.WriteString("key", Key(target));
        json.WriteString("base_url", target.Address.AbsoluteUri.TrimEnd('/'));
        json.WriteString("models", target.Model);
        json.WriteString("group", "default");
    }

    private static void PageAssist(Utf8JsonWriter json, ClientTarget target)
    {
        json.WriteStartArray("oaiConfigs");
        json.WriteStartObject();
        json.WriteString("id", $"openai-llmops-{target.Name}");
        json.WriteString("name", target.Name);
        json.WriteString("baseUrl", target.OpenAIBase);
        json.WriteString("apiKey", target.ApiKeyFile is null ? string.Empty : Key(target));
        json.WriteNumber("createdAt", 0);
        json.WriteString("db_type", "openai");
        json.WriteString("provider", target.Engine == EngineNames.Vllm ? "vllm" : "llamacpp");
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static string CherryStudio(ClientTarget target)
    {
        string provider = Json(
            json =>
            {
                json.WriteString("id", $"llmops-{target.Name}");
                json.WriteString("baseUrl", target.OpenAIBase);
                json.WriteString("apiKey", NoKey);
                json.WriteString("name", target.Name);
                json.WriteString("type", "openai");
            },
            indented: false);

        // '+' and '/' mean something else in a link; the program puts them back.
        return $"cherrystudio://providers/api-keys?v=1&data={Convert.ToBase64String(Encoding.UTF8.GetBytes(provider)).Replace('+', '_').Replace('/', '-')}\n";
    }

    private static string Key(ClientTarget target) => target.ApiKeyFile is { } file ? $"the first line of {file}" : NoKey;

    private static string KeyVariable(ClientTarget target) => ExportedServer.KeyVariableOf(target.Name);

    private static string Json(Action<Utf8JsonWriter> write, bool indented = true)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, s_readable with { Indented = indented }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan) + (indented ? "\n" : string.Empty);
    }
}
