using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace DeterministicInference.Server.Engines;

/// <summary>Explains why the certificate of an engine at an https address is refused.</summary>
internal static class CertificateCheck
{
    /// <summary>
    /// .NET reads the variable once per process, beside the authorities of the system:
    /// https://learn.microsoft.com/dotnet/standard/security/cross-platform-cryptography#x509store
    /// </summary>
    private const string TrustRemedy =
        "Make this machine trust the authority that signed it: install the authority's certificate, or name its file "
        + "in the variable SSL_CERT_FILE.";

    /// <param name="certificate">Certificate that the engine presented.</param>
    /// <param name="chain">Chain that was built to verify it.</param>
    /// <param name="errors">Checks that failed.</param>
    /// <param name="host">Host name of the engine's address.</param>
    /// <returns>Null if the certificate is valid.</returns>
    public static ProbeProblem? Explain(
        X509Certificate2? certificate,
        X509Chain? chain,
        SslPolicyErrors errors,
        string host
    )
    {
        if (errors == SslPolicyErrors.None)
            return null;
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return new ProbeProblem("the engine presents no certificate", "Configure one, or use http://.");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            X509ChainStatusFlags status = (chain?.ChainStatus ?? []).Aggregate(
                X509ChainStatusFlags.NoError,
                (all, one) => all | one.Status
            );
            if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
            {
                return new ProbeProblem(
                    $"the engine's certificate is valid from {certificate.NotBefore:yyyy-MM-dd} to "
                        + $"{certificate.NotAfter:yyyy-MM-dd} only",
                    "Renew it, and check this machine's clock."
                );
            }
            return new ProbeProblem($"the engine's certificate is not trusted ({status})", TrustRemedy);
        }
        return new ProbeProblem(
            $"the engine's certificate is not for {host} but for {Names(certificate)}",
            "Give --backend-url a name that the certificate has."
        );
    }

    private static string Names(X509Certificate2 certificate)
    {
        string[] names =
        [
            .. certificate
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(extension =>
                    extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(ip => ip.ToString()))
                ),
        ];
        return names.Length > 0 ? string.Join(", ", names) : certificate.Subject;
    }
}
