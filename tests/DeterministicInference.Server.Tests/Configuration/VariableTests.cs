using DeterministicInference.Server.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Spellings of the Python releases, and unknown variables.</summary>
public sealed class VariableTests
{
    [Fact]
    public void Callers_of_the_Python_releases_are_understood()
    {
        ServeOptions options = Given
            .Of("--model", "m", "--port", "8000", "--backend-port", "30001", "--timeout", "600", "--debug")
            .Read()
            .Options;
        Assert.Equal(
            ("m", 8000, 30001, TimeSpan.FromSeconds(600), LogLevel.Debug),
            (options.ModelPath, options.ProxyPort, options.BackendPort, options.BackendStartupTimeout, options.LogLevel)
        );

        Given variables = Given.Variables(
            ("INFERENCE_MODEL_PATH", "m"),
            ("INFERENCE_PORT", "8000"),
            ("INFERENCE_BACKEND_PORT", "30001"),
            ("INFERENCE_STARTUP_TIMEOUT", "600")
        );
        Assert.Equal(
            options with
            {
                LogLevel = LogLevel.Information,
            },
            variables.Read().Options with
            {
                BackendArguments = options.BackendArguments,
            }
        );
        Assert.Empty(variables.Read().Warnings);
    }

    [Fact]
    public void The_first_Python_release_is_understood()
    {
        Given given = Given.Of(
            "--model-path",
            "m",
            "--backend",
            "sglang",
            "--backend-host",
            "127.0.0.1",
            "--backend-port",
            "30000",
            "--backend-startup-timeout",
            "300",
            "--proxy-host",
            "0.0.0.0",
            "--proxy-port",
            "8080",
            "--log-level",
            "info",
            "--log-file",
            "inference.log",
            "--log-to-console",
            "False"
        );
        Assert.Empty(given.Problems());
        Assert.Equal(
            ("0.0.0.0", "inference.log", false),
            (given.Read().Options.ProxyHost, given.Read().Options.LogFile, given.Read().Options.LogToConsole)
        );
    }

    [Fact]
    public void The_own_name_of_a_variable_wins_over_the_old_one_and_says_so()
    {
        ResolvedConfiguration configuration = Given
            .Variables(("INFERENCE_PORT", "1"), ("INFERENCE_PROXY_PORT", "2"))
            .Read();
        Assert.Equal(2, configuration.Options.ProxyPort);
        Assert.Equal(
            ["INFERENCE_PORT: '1' is ignored: INFERENCE_PROXY_PORT is set as well. Unset one of them."],
            configuration.Warnings
        );
        Assert.Empty(Given.Variables(("INFERENCE_PORT", "2"), ("INFERENCE_PROXY_PORT", "2")).Read().Warnings);
    }

    [Fact]
    public void An_unknown_variable_is_a_warning()
    {
        Given given = Given.Variables(
            ("INFERENCE_PROXYPORT", "1"),
            ("INFERENCE_ZZZZZZZZ", "1"),
            ("inference_port", "1"),
            ("OTHER", "1"),
            ("INFERENCE_TEST_URL", "x")
        );
        Assert.Equal(
            [
                "INFERENCE_PROXYPORT: no setting has this variable. Did you mean INFERENCE_PROXY_PORT?",
                "INFERENCE_ZZZZZZZZ: no setting has this variable.",
            ],
            given.Read().Warnings
        );
        Assert.Equal(8080, given.Read().Options.ProxyPort);
    }

    [Fact]
    public void A_Kubernetes_service_named_inference_does_no_harm()
    {
        ResolvedConfiguration configuration = Given
            .Variables(
                ("INFERENCE_MODEL_PATH", "m"),
                ("INFERENCE_SERVICE_HOST", "10.96.0.17"),
                ("INFERENCE_SERVICE_PORT", "80"),
                ("INFERENCE_SERVICE_PORT_HTTP", "80"),
                ("INFERENCE_PORT", "tcp://10.96.0.17:80"),
                ("INFERENCE_PORT_80_TCP", "tcp://10.96.0.17:80"),
                ("INFERENCE_PORT_80_TCP_PROTO", "tcp"),
                ("INFERENCE_PORT_80_TCP_PORT", "80"),
                ("INFERENCE_PORT_80_TCP_ADDR", "10.96.0.17")
            )
            .Read();
        Assert.Empty(configuration.Problems);
        Assert.Equal(8080, configuration.Options.ProxyPort);
        Assert.Equal(
            [
                "INFERENCE_PORT: 'tcp://10.96.0.17:80' is ignored: Kubernetes sets it for a service named inference. "
                    + "Give INFERENCE_PROXY_PORT, or set enableServiceLinks: false.",
            ],
            configuration.Warnings
        );
    }
}
