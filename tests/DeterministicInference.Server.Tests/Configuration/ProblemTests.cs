using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Every mistake of a user, and its message.</summary>
public sealed class ProblemTests
{
    private const string NoModel =
        "--model-path: no model. Pass --model-path, set INFERENCE_MODEL_PATH, or use the bundled one with --backend "
        + "embedded.";
    private const string Commands =
        "Commands are serve, engine, doctor, ask, verify, receipts; arguments of the engine stand after --.";

    [Theory]
    [InlineData("", NoModel)]
    [InlineData("--model-path m")]
    [InlineData("--backend embedded")]
    [InlineData("--backend-url http://h:1")]
    [InlineData("--backend external --backend-url http://h:1")]
    [InlineData(
        "--backend external",
        "--backend-url: no engine to attach to. Pass --backend-url http://HOST:PORT, set INFERENCE_BACKEND_URL, or "
            + "choose a --backend that is launched."
    )]
    [InlineData("--backend SGLang --model-path m")]
    [InlineData("--backend triton --model-path m", "--backend: 'triton' is not a known engine. Give {engines}.")]
    [InlineData(
        "--model-path m --backend-port 8080",
        "--proxy-port: '8080' (the default) is also the engine's port. Give another --proxy-port or --backend-port."
    )]
    [InlineData(
        "--model-path m --port 30000 --backend-port 30000",
        "--proxy-port: '30000' from --port is also the engine's port. Give another --proxy-port or --backend-port."
    )]
    [InlineData(
        "--model-path m --port 30000 --proxy-host 0.0.0.0 --backend-port 30000",
        "--proxy-port: '30000' from --port is also the engine's port. Give another --proxy-port or --backend-port."
    )]
    [InlineData(
        "--model-path m --port 30000 --proxy-host :: --backend-port 30000",
        "--proxy-port: '30000' from --port is also the engine's port. Give another --proxy-port or --backend-port."
    )]
    [InlineData(
        "--model-path m --port 30000 --proxy-host ::1 --backend-host localhost",
        "--proxy-port: '30000' from --port is also the engine's port. Give another --proxy-port or --backend-port."
    )]
    [InlineData("--model-path m --port 30000")]
    [InlineData("--model-path m --port 30000 --proxy-host ::1 --backend-port 30000")]
    [InlineData("--model-path m --port 30000 --backend-host 127.0.0.2")]
    [InlineData("--model-path m --port 30000 --backend-url http://h:1")]
    [InlineData(
        "--backend-url http://localhost:8080",
        "--backend-url: 'http://localhost:8080' is this server's own address. Give the engine's, or another "
            + "--proxy-port."
    )]
    [InlineData(
        "--backend-url http://[::1]:8080",
        "--backend-url: 'http://[::1]:8080' is this server's own address. Give the engine's, or another --proxy-port."
    )]
    [InlineData("--backend-url http://10.0.0.5:8080 --proxy-host 0.0.0.0")]
    [InlineData(
        "--backend-url http://10.0.0.5:8080 --proxy-host 10.0.0.5",
        "--backend-url: 'http://10.0.0.5:8080' is this server's own address. Give the engine's, or another "
            + "--proxy-port."
    )]
    [InlineData(
        "--backend-url http://h:1 --hang-action restart",
        "--hang-action: 'restart' can't restart an engine that --backend-url attaches to. Remove one of them."
    )]
    [InlineData(
        "--backend-url http://h:1 -- --tp-size 2",
        "--: '--tp-size 2' has no effect: with --backend-url no engine is launched. Remove one of them."
    )]
    [InlineData("--log-to-console false --model-path m")]
    [InlineData(
        "--model-path m --log-file /nowhere/at/all.log",
        "--log-file: '/nowhere/at/all.log' is in a folder that does not exist. Create the folder, or give "
            + "another path."
    )]
    [InlineData("--model-path m --log-file /tmp", "--log-file: '/tmp' is a folder. Give the path of a file.")]
    [InlineData("--model-path m --log-file relative.log")]
    [InlineData(
        "--model-path m --data-dir /etc/hosts",
        "--data-dir: '/etc/hosts' is a file. Give the path of a folder; it is created where it is missing."
    )]
    [InlineData("--model-path m --data-dir /nowhere/at/all --receipts off")]
    [InlineData(
        "--model-path m --receipts off --on-receipt-failure refuse --receipt-retention 30d",
        "--on-receipt-failure: 'refuse' has no effect: --receipts is off. Remove one of them.",
        "--receipt-retention: '30d' has no effect: --receipts is off. Remove one of them."
    )]
    [InlineData(
        "--model-path m --log-origin a+b",
        "--log-origin: 'a+b' is not a valid log name. Give at most 187 visible ASCII characters without '+', such as "
            + "log.example/a."
    )]
    [InlineData(
        "--model-path m --receipt-retention 3651d",
        "--receipt-retention: '3651d' is too long. Give at most 87600h."
    )]
    [InlineData("--model-path m --receipt-retention 3650d --receipts reference")]
    [InlineData("--model-path m --prot 80", "--prot: unknown option. Did you mean --port?")]
    [InlineData("--model-path m --prot=80", "--prot: unknown option. Did you mean --port?")]
    [InlineData("--model-path m -port 80", "-port: unknown option. Did you mean --port?")]
    [InlineData(
        "--model-path m --startup-timeout 9",
        "--startup-timeout: unknown option. Did you mean --backend-startup-timeout?"
    )]
    [InlineData("--model-path m --Log_Level debug", "--Log_Level: unknown option. Did you mean --log-level?")]
    [InlineData(
        "--model-path m --quantization",
        "--quantization: unknown option. --help lists them all; options of the engine stand after --."
    )]
    [InlineData("--model-path m stray", $"'stray': unknown command or argument. {Commands}")]
    [InlineData("doctr", $"'doctr': unknown command or argument. Did you mean doctor? {Commands}", NoModel)]
    [InlineData("--model-path m engine", "engine: a command must come first, before its settings.")]
    [InlineData("--model-path", "--model-path: the value is missing. Give --model-path PATH.")]
    [InlineData("--model-path --backend-port 5", "--model-path: the value is missing. Give --model-path PATH.")]
    [InlineData(
        "--model-path m --timeout",
        "--backend-startup-timeout: the value from --timeout is missing. Give --timeout DURATION."
    )]
    [InlineData("--model-path m --config", "--config: the value is missing. Give --config FILE.")]
    [InlineData(
        "--model-path m --port --nope",
        "--nope: unknown option. --help lists them all; options of the engine stand after --.",
        "--proxy-port: the value from --port is missing. Give --port PORT."
    )]
    public void A_command_line_has_these_problems(string arguments, params string[] problems) =>
        Assert.Equal(
            problems.Select(Given.WithEngines),
            Given.Of(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Problems()
        );

    [Fact]
    public void Everything_that_is_wrong_is_reported_at_once_with_the_place_where_it_stands()
    {
        Given given = Given.Variables(("INFERENCE_STARTUP_TIMEOUT", "soon"), ("INFERENCE_SEED", "x")) with
        {
            Arguments = ["--backend", "vllm2", "--port", "99999999", "--nope"],
            File = """{"Inference":{"LogFormat":"xml","BackendPrt":1,"StrictModel":[true]}}""",
        };
        Assert.Equal(
            [
                "--nope: unknown option. --help lists them all; options of the engine stand after --.",
                $"Inference:BackendPrt in {given.Path}: no setting has this key. Did you mean Inference:BackendPort?",
                $"--strict-model: '[true]' in {given.Path} is not a single value. Give a text, a number, true or "
                    + "false.",
                "--backend-startup-timeout: 'soon' from INFERENCE_STARTUP_TIMEOUT is not a duration. Give seconds, "
                    + "or a number with a unit: 250ms, 30s, 5m, 1h.",
                "--proxy-port: '99999999' from --port is not a whole number from 0 to 65535.",
                "--seed: 'x' from INFERENCE_SEED is not a whole number from -9223372036854775808 to "
                    + "9223372036854775807, nor random.",
                $"--log-format: 'xml' in {given.Path} is not a choice. Give text or json.",
                Given.WithEngines("--backend: 'vllm2' is not a known engine. Did you mean vllm? Give {engines}."),
            ],
            given.Problems()
        );
    }

    [Fact]
    public void Both_a_missing_model_and_a_bad_port_are_reported()
    {
        Assert.Equal(
            ["--backend-port: '0' is not a whole number from 1 to 65535.", NoModel],
            Given.Of("--backend-port", "0").Problems()
        );
    }

    [Theory]
    [InlineData("--served-model-name", "")]
    [InlineData("--model-path", "has a last part that ")]
    public void The_name_of_the_model_fits_into_a_receipt(string setting, string which)
    {
        // With its quotes.
        string longest = new('n', 198);
        Assert.Empty(Given.Of("--backend", "embedded", setting, longest).Problems());
        foreach (string name in (string[])[longest + "n", new('"', 100), new('ä', 100)])
        {
            Assert.Equal(
                [
                    $"{setting}: '{name}' {which}is longer than 200 bytes as JSON. Give a shorter "
                        + "--served-model-name.",
                ],
                Given.Of("--backend", "embedded", setting, name).Problems()
            );
        }
    }

    [Fact]
    public void The_known_backends_are_those_of_the_program()
    {
        Given given = Given.Of("--backend", "fast") with
        {
            Backends =
            [
                new("fast", NeedsModelPath: true, CanLaunch: true),
                new("slow", NeedsModelPath: false, CanLaunch: true),
            ],
        };
        string noModel = NoModel.Replace("embedded", "slow", StringComparison.Ordinal);
        Assert.Equal([noModel], given.Problems());
        Assert.Equal(
            ["--backend: 'sglang' is not a known engine. Give fast or slow."],
            (given with { Arguments = ["--backend", "sglang"] }).Problems()
        );
        // The first one is the default.
        ResolvedConfiguration configuration = (given with { Arguments = ["--model-path", "m"] }).Read();
        Assert.Empty(configuration.Problems);
        Assert.Equal("fast", configuration.Options.Backend);
    }

    [Theory]
    [InlineData(
        "--api-key=k --hf-token t --ssl-keyfile-password p --API_KEY k --model m",
        "--api-key=*** --hf-token *** --ssl-keyfile-password *** --API_KEY *** --model m"
    )]
    [InlineData("--api-key --tokenizer x", "--api-key *** x")]
    [InlineData("--tokenizer x --keyed y key z", "--tokenizer x --keyed y key z")]
    public void Secrets_of_the_engine_are_not_shown(string arguments, string shown)
    {
        string folder = TestModels.NewFolder("none");
        Given given = Given.Of(["--backend-url", "http://h:1", "--log-file", folder, "--", .. arguments.Split(' ')]);
        Assert.Equal(
            $"--: '{shown}' has no effect: with --backend-url no engine is launched. Remove one of them.",
            given.Problems()[0]
        );
        Assert.Contains($"--                         {shown} ", given.Read().Print(), StringComparison.Ordinal);
    }
}
