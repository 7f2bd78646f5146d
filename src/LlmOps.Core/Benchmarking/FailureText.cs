using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LlmOps.Benchmarking;

/// <summary>Names failures with short texts that are the same for the same cause, so that they can be counted.</summary>
internal static class FailureText
{
    public const string Timeout = "timeout";

    /// <summary>The answer had begun, and then nothing came any more.</summary>
    public const string Stalled = "stalled";

    /// <summary>The load point was over before the request was.</summary>
    public const string Unfinished = "unfinished";

    public static string Of(HttpStatusCode status) => string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)status}");

    /// <summary>The text of a transport failure.</summary>
    public static string Of(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException socket:
                    return Of(socket.SocketErrorCode);
                case HttpIOException http when Of(http.HttpRequestError) is string text:
                    return text;
                case HttpRequestException { HttpRequestError: not HttpRequestError.ConnectionError } request when Of(request.HttpRequestError) is string text:
                    return text;
                case InvalidDataException:
                    return "event too large";
            }
        }

        return exception is HttpRequestException ? "connection failed" : "connection broken";
    }

    /// <summary>Whether an exception is a failure of the request, not of this program.</summary>
    public static bool IsTransportFailure(Exception exception) => exception is HttpRequestException or IOException or InvalidDataException;

    private static string Of(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "connection reset",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "host not found",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "host unreachable",
        SocketError.TimedOut => "connection timed out",
        SocketError.TooManyOpenSockets => "too many open files",
        SocketError.AddressNotAvailable => "no free local port",
        _ => $"socket error {error}",
    };

    private static string? Of(HttpRequestError error) => error switch
    {
        HttpRequestError.ResponseEnded => "stream ended early",
        HttpRequestError.InvalidResponse => "invalid HTTP response",
        HttpRequestError.SecureConnectionError => "TLS failed",
        HttpRequestError.NameResolutionError => "host not found",
        _ => null,
    };
}
