using System.Net.Security;

namespace LlmOps.Benchmarking;

/// <summary>Whether https connections look at the server's certificate.</summary>
internal static class CertificateCheck
{
    /// <summary>The options of a connection.</summary>
    /// <param name="isSkipped">Whether any certificate is good enough, because the user said so.</param>
    public static SslClientAuthenticationOptions Options(bool isSkipped)
    {
        SslClientAuthenticationOptions options = new();
        if (isSkipped)
        {
#pragma warning disable CA5359 // A server that signed its own certificate is measured only when it is asked for.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return options;
    }
}
