using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>
/// What the server itself tells an engine is refused after <c>--</c>: receipts would name a model that does not answer,
/// and the server would wait at an address where nothing listens.
/// </summary>
public sealed class ReservedArgumentTests
{
    private const string Code = "argument_reserved";

    public static TheoryData<string> Launched =>
        [.. EngineRegistry.BuiltIn.All.Where(engine => engine.Launcher is not null).Select(engine => engine.Name)];

    [Theory]
    [InlineData("sglang", "--model-path x", "--model-path", "--model-path")]
    [InlineData("sglang", "--model_path=x", "--model-path", "--model-path")]
    [InlineData("sglang", "--model x", "--model", "--model-path")]
    [InlineData("sglang", "--model-p x", "--model-p", "--model-path")]
    [InlineData("sglang", "--tp 2 --mo=x", "--mo", "--model-path")]
    [InlineData("sglang", "--hos 0.0.0.0", "--hos", "--backend-host")]
    [InlineData("sglang", "--port 1", "--port", "--backend-port")]
    [InlineData("sglang", "--ssl-certfile c.pem", "--ssl-certfile", "--backend-url")]
    [InlineData("vllm", "--model x", "--model", "--model-path")]
    [InlineData("vllm", "--model=x", "--model", "--model-path")]
    [InlineData("vllm", "--mode x", "--mode", "--model-path")]
    [InlineData("vllm", "org/other", "a word that belongs to no flag", "--model-path")]
    [InlineData("vllm", "--kv-cache-dtype=auto org/other", "a word that belongs to no flag", "--model-path")]
    [InlineData("vllm", "--enforce-eager -- org/other", "a word that belongs to no flag", "--model-path")]
    [InlineData("vllm", "--uds /run/vllm.sock", "--uds", "--backend-host")]
    [InlineData("vllm", "--por=1", "--por", "--backend-port")]
    [InlineData("vllm", "--ssl-key x", "--ssl-key", "--backend-url")]
    [InlineData("llamacpp", "-m other.gguf", "-m", "--model-path")]
    [InlineData("llamacpp", "--model other.gguf", "--model", "--model-path")]
    [InlineData("llamacpp", "-mu http://x/other.gguf", "-mu", "--model-path")]
    [InlineData("llamacpp", "-c 4096 -hf org/other", "-hf", "--model-path")]
    [InlineData("llamacpp", "-hff other.gguf", "-hff", "--model-path")]
    [InlineData("llamacpp", "--docker_repo other", "--docker-repo", "--model-path")]
    [InlineData("llamacpp", "--gpt-oss-20b-default", "--gpt-oss-20b-default", "--model-path")]
    [InlineData("llamacpp", "--host 0.0.0.0", "--host", "--backend-host")]
    [InlineData("llamacpp", "--port 1", "--port", "--backend-port")]
    [InlineData("llamacpp", "--api-prefix /x", "--api-prefix", "--backend-url")]
    [InlineData("embedded", "--model-path x", "--model-path", "--model-path")]
    [InlineData("embedded", "--model-path:x", "--model-path", "--model-path")]
    [InlineData("embedded", "--port=1", "--port", "--backend-port")]
    [InlineData("embedded", "--host ::1", "--host", "--backend-host")]
    [InlineData("embedded", "--threads 1 --seed 7", "--seed", "--seed")]
    [InlineData("embedded", "--max-request-bytes 1", "--max-request-bytes", "--max-request-bytes")]
    public void A_reserved_argument_is_refused_with_the_setting_to_use(
        string engine,
        string arguments,
        string written,
        string setting
    )
    {
        foreach (DeterminismMode mode in Enum.GetValues<DeterminismMode>())
        {
            foreach (string? command in (string?[])[null, "/opt/wrapper"])
            {
                Finding finding = Assert.Single(Check(engine, mode, command, arguments.Split(' ')));
                Assert.Equal(
                    (
                        FindingKind.Refused,
                        $"Arguments after --: {written} would replace what this server tells the engine by its own "
                            + $"setting. Use {setting} instead."
                    ),
                    (finding.Kind, finding.Text)
                );
            }
        }
        Assert.Contains(SettingTable.All, known => known.Flag == setting);
    }

    [Theory]
    [InlineData("sglang", "--tp 2 --log-level debug --tokenizer-path t --model-loader-extra-config {}")]
    [InlineData("sglang", "--nccl-port 1 --model-impl auto --host-x")]
    [InlineData("vllm", "--tokenizer t --model-impl auto --max-model-len 4096 --kv-cache-dtype auto --api-key k1 k2")]
    [InlineData("llamacpp", "-md draft.gguf -mm proj.gguf -hfd org/draft -c 4096 --hf-repo-draft org/draft")]
    [InlineData("embedded", "--threads 1 --max-sequences=3 --log-level DEBUG")]
    public void Other_arguments_are_not(string engine, string arguments) =>
        Assert.Empty(Check(engine, DeterminismMode.Enforce, null, arguments.Split(' ')));

    /// <summary>Whatever a launcher makes of a setting is reserved; a new engine can't forget it.</summary>
    [Theory]
    [MemberData(nameof(Launched))]
    public void Every_engine_reserves_what_its_launch_says_of_model_host_and_port(string engine)
    {
        IEngineLauncher launcher = EngineRegistry.BuiltIn.Find(engine)!.Launcher!;
        ServeOptions options = Options(engine);
        string[] told = [options.ModelPath!, options.BackendHost, $"{options.BackendPort}"];
        IReadOnlyList<string> words = launcher.Launch(options, Machines.With(Machines.NoGpu)).Arguments;
        Assert.All(
            told,
            value =>
            {
                int at = words.ToList().IndexOf(value);
                Assert.True(at > 0, value);
                string[] again = EngineCommandLine.IsFlag(words[at - 1]) ? [words[at - 1], "x"] : ["x"];
                Assert.Single(Check(engine, DeterminismMode.Enforce, null, again));
            }
        );
    }

    private static ServeOptions Options(string engine) =>
        new()
        {
            Backend = engine,
            ModelPath = "/models/tiny.gguf",
            BackendHost = "127.0.0.9",
            BackendPort = 31337,
        };

    private static IEnumerable<Finding> Check(
        string engine,
        DeterminismMode mode,
        string? command,
        string[] arguments
    ) =>
        Checks
            .Of(
                EngineRegistry.BuiltIn.Find(engine)!,
                Options(engine) with
                {
                    Determinism = mode,
                    BackendCommand = command,
                    BackendArguments = arguments,
                },
                Machines.With(new ModelFacts { Exists = true, GgufFiles = ["/models/tiny.gguf"] }, "9.0")
            )
            .Where(finding => finding.Code == Code);
}
