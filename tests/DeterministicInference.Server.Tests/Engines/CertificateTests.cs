using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeterministicInference.Server.Engines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>The certificate of an engine at an https address is refused with the reason and the remedy.</summary>
public sealed class CertificateTests : IDisposable
{
    private const string TrustRemedy =
        "Make this machine trust the authority that signed it: install the authority's certificate, or name its file "
        + "in the variable SSL_CERT_FILE.";

    private readonly X509Certificate2 _certificate = Create(days: 1);

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_named_and_trusting_it_helps()
    {
        await using WebApplication engine = await StartAsync(_certificate);
        string url = engine.Urls.Single();
        string[] settings = ["--backend", "external", "--backend-url", url];
        CommandResult failed = await new ServeLaunch().RunAsync([.. settings, "--backend-startup-timeout", "4s"]);
        Assert.Equal(1, failed.ExitCode);
        string critical = Assert.Single(
            failed.Output.Split('\n'),
            line => line.Contains("| CRITICAL |", StringComparison.Ordinal)
        );
        Assert.EndsWith(
            $"--backend-url: the engine at {url} is not ready: the engine's certificate is not trusted (UntrustedRoot). "
                + TrustRemedy,
            critical,
            StringComparison.Ordinal
        );
        CommandResult doctor = await ServerProgram.Built.RunAsync(["doctor", .. settings]);
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains(
            $"--backend-url: the engine at {url} is not ready: the engine's certificate is not trusted (UntrustedRoot). "
                + TrustRemedy,
            doctor.Output,
            StringComparison.Ordinal
        );

        string file = Path.Combine(TestModels.NewFolder("authority"), "engine.pem");
        File.WriteAllText(file, _certificate.ExportCertificatePem());
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            settings,
            [("SSL_CERT_FILE", file)]
        );
        await server.ReadyAsync("External engine");
    }

    [Fact]
    public async Task An_engine_without_TLS_is_distinguished()
    {
        await using WebApplication engine = await StartAsync(null);
        ProbeProblem? problem = await AskAsync(
            engine.Urls.Single().Replace("http:", "https:", StringComparison.Ordinal)
        );
        Assert.Equal(
            new ProbeProblem("no TLS connection", "Give --backend-url with http:// where the engine speaks no TLS."),
            problem
        );
    }

    [Fact]
    public async Task A_certificate_that_has_expired_is_reported_with_its_time()
    {
        using X509Certificate2 expired = Create(days: -2);
        await using WebApplication engine = await StartAsync(expired);
        ProbeProblem problem = (await AskAsync(engine.Urls.Single()))!;
        Assert.Equal(
            $"the engine's certificate is valid from {expired.NotBefore:yyyy-MM-dd} to "
                + $"{expired.NotAfter:yyyy-MM-dd} only",
            problem.Text
        );
        Assert.Equal("Renew it, and check this machine's clock.", problem.Remedy);
    }

    [Fact]
    public void A_certificate_for_another_name_is_reported_with_its_names() =>
        Assert.Equal(
            new ProbeProblem(
                "the engine's certificate is not for gpu-box but for localhost, 127.0.0.1",
                "Give --backend-url a name that the certificate has."
            ),
            CertificateCheck.Explain(_certificate, null, SslPolicyErrors.RemoteCertificateNameMismatch, "gpu-box")
        );

    [Fact]
    public void A_good_certificate_is_no_problem()
    {
        Assert.Null(CertificateCheck.Explain(_certificate, null, SslPolicyErrors.None, "localhost"));
        Assert.Equal(
            "the engine presents no certificate",
            CertificateCheck.Explain(null, null, SslPolicyErrors.RemoteCertificateNotAvailable, "localhost")?.Text
        );
    }

    public void Dispose() => _certificate.Dispose();

    private static async Task<ProbeProblem?> AskAsync(string url)
    {
        using var calls = new EngineCalls(new Uri(url), key: null);
        var probe = new EngineProbe(new EngineHealthRoutes("/health"), calls, Limits.Overall, TimeProvider.System);
        return await probe.AskAsync(deep: false, TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> StartAsync(X509Certificate2? certificate)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                IPAddress.Loopback,
                0,
                listen =>
                {
                    if (certificate is not null)
                        listen.UseHttps(certificate);
                }
            )
        );
        WebApplication app = builder.Build();
        app.MapFallback(() => Results.Ok());
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    /// <summary>Signed by itself, for localhost, until so many days from now.</summary>
    private static X509Certificate2 Create(int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset until = TimeProvider.System.GetUtcNow().AddDays(days);
        return request.CreateSelfSigned(until.AddDays(-10), until);
    }
}
