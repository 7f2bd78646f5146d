using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Asks a server once whether it is ready, for those who only pass by.</summary>
internal static class ManagedHealth
{
    private static readonly HttpClient s_client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero })
    {
        Timeout = TimeSpan.FromSeconds(2),
    };

    /// <returns>What the server says of itself when it is ready; null when it is not.</returns>
    public static ServerFacts? Ask(ServerEndpoint endpoint, string healthPath, IEngine engine)
    {
        try
        {
            using (HttpResponseMessage health = Get(endpoint, healthPath))
            {
                if (health.StatusCode != HttpStatusCode.OK)
                {
                    return null;
                }
            }

            using HttpResponseMessage props = Get(endpoint, engine.FactsPath);
            using Stream body = props.Content.ReadAsStream();
            if (!props.IsSuccessStatusCode)
            {
                return ServerFacts.None;
            }

            using JsonDocument document = JsonDocument.Parse(body);
            return engine.ReadFacts(document.RootElement);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return null;
        }
    }

    private static HttpResponseMessage Get(ServerEndpoint endpoint, string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(endpoint.Uri, path));
        if (SecretMask.ReadKeys(endpoint.ApiKeyFile) is [string key, ..])
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return s_client.Send(request);
    }
}
