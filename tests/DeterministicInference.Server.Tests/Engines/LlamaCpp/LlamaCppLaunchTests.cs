using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.LlamaCpp;

/// <summary>Launch commands of llama-server, exactly, and findings about them.</summary>
public sealed class LlamaCppLaunchTests
{
    private const string Model = "/models/tiny.gguf";

    private static readonly LlamaCppKind LlamaCpp = new();
    private static readonly ModelFacts Facts = new() { GgufFiles = [Model] };
    private static readonly ServeOptions Options = new()
    {
        Backend = "llamacpp",
        ModelPath = Model,
        ServedModelName = "tiny",
    };

    [Theory]
    [MemberData(nameof(Generations))]
    public void Llama_server_is_started_with_one_slot_and_everything_pinned(string gpu)
    {
        EngineLaunch launch = LlamaCpp.Launcher.Launch(Options, Machines.With(Facts, gpu));
        (string attention, string layers) = gpu == Machines.NoGpu ? ("off", "0") : ("on", "999");
        Assert.Equal("llama-server", launch.File);
        Assert.Equal(
            "-m /models/tiny.gguf --host 127.0.0.1 --port 30000 -a tiny --no-slots --no-webui -np 1 --no-cache-prompt "
                + $"--seed 0 -fa {attention} -b 2048 -ub 512 -t 16 -tb 16 -ngl {layers} -ctk f16 -ctv f16",
            string.Join(' ', launch.Arguments)
        );
        Assert.Empty(launch.Environment);
        Assert.Equal(
            "LLAMA_SERVER_ROUTER_PORT LLAMA_ARG_MODEL_URL LLAMA_ARG_HF_REPO LLAMA_ARG_HF_FILE LLAMA_ARG_DOCKER_REPO "
                + "LLAMA_ARG_HOST LLAMA_ARG_PORT LLAMA_ARG_REUSE_PORT LLAMA_ARG_API_PREFIX LLAMA_ARG_SSL_CERT_FILE "
                + "LLAMA_ARG_SSL_KEY_FILE LLAMA_ARG_MODELS_DIR LLAMA_ARG_MODELS_PRESET LLAMA_ARG_MODELS_MAX "
                + "LLAMA_ARG_MODELS_AUTOLOAD LLAMA_ARG_TOOLS LLAMA_ARG_TOOLS_RUNTIME LLAMA_ARG_AGENT "
                + "LLAMA_ARG_UI_MCP_PROXY LLAMA_ARG_MCP_SERVERS_CONFIG LLAMA_ARG_MCP_SERVERS_JSON "
                + "LLAMA_ARG_ENDPOINT_PROPS LLAMA_ARG_ENDPOINT_SLOTS LLAMA_ARG_STATIC_PATH",
            string.Join(' ', launch.Unset)
        );
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public void Settings_and_the_arguments_behind_the_dashes_reach_llama_server_verbatim(string gpu)
    {
        string[] own = ["-np", "2", "-ngl", "10", "", "two words", "--", "\"'$HOME"];
        EngineLaunch launch = LlamaCpp.Launcher.Launch(
            Options with
            {
                ModelPath = "/models/folder",
                ServedModelName = "the name",
                BackendHost = "0.0.0.0",
                BackendPort = 31337,
                BackendCommand = "/opt/llama/llama-server",
                BackendArguments = own,
            },
            Machines.With(new ModelFacts { IsFolder = true, GgufFiles = ["/models/folder/a-00001-of-00003.gguf"] }, gpu)
        );
        Assert.Equal("/opt/llama/llama-server", launch.File);
        Assert.Equal(
            ["-m", "/models/folder/a-00001-of-00003.gguf", "--host", "0.0.0.0", "--port", "31337", "-a", "the name"],
            launch.Arguments.Take(8)
        );
        Assert.Equal(["-ctk", "f16", "-ctv", "f16", .. own], launch.Arguments.TakeLast(4 + own.Length));
    }

    [Theory]
    [InlineData("--tools all", "--tools")]
    [InlineData("-ag", "-ag")]
    [InlineData("--props", "--props")]
    [InlineData("--webui-mcp-proxy", "--webui-mcp-proxy")]
    [InlineData("--mcp-servers-config x.json", "--mcp-servers-config")]
    public void What_would_open_it_is_refused(string arguments, string shown) =>
        Found.Is(
            Checks.Of(LlamaCpp, Options with { BackendArguments = arguments.Split(' ') }, Machines.With(Facts, "9.0")),
            $"Refused engine_opened: {shown} lets requests run programs, fetch pages or change settings on "
                + "llama-server, beside the requests that this server checks. Leave it out."
        );

    [Fact]
    public void Without_determinism_llama_server_is_started_in_its_usual_mode() =>
        Assert.Equal(
            "-m /models/tiny.gguf --host 127.0.0.1 --port 30000 -a tiny --no-slots --no-webui",
            string.Join(
                ' ',
                LlamaCpp
                    .Launcher.Launch(Options with { Determinism = DeterminismMode.Off }, Machines.With(Facts, "9.0"))
                    .Arguments
            )
        );

    [Theory]
    [MemberData(nameof(Generations))]
    public void The_defaults_are_deterministic_one_request_at_a_time(string gpu)
    {
        Found.Is(Checks.Of(LlamaCpp, Options, Machines.With(Facts, gpu)));
        Assert.StartsWith(
            "llama.cpp computes one request at a time, without a prompt cache",
            LlamaCpp.Determinism.Basis,
            StringComparison.Ordinal
        );
        Assert.Equal(1, LlamaCpp.RequestsAtOnce(Options));
    }

    [Theory]
    [InlineData("-np 2", "Degrades parallel_slots: llama-server has 2 slots")]
    [InlineData("--parallel 8", "Degrades parallel_slots")]
    [InlineData("-np -1", "Degrades parallel_slots: llama-server has 4 slots")]
    [InlineData("-np 1")]
    [InlineData("-np 4 -np 1")]
    [InlineData("--cache-prompt", "Degrades prompt_cache")]
    [InlineData("--cache-prompt --no-cache-prompt")]
    [InlineData("--cache-reuse 256", "Degrades prompt_cache")]
    [InlineData("--cache-reuse 0")]
    [InlineData("-md draft.gguf", "Degrades speculative_decoding")]
    [InlineData("--model-draft draft.gguf", "Degrades speculative_decoding")]
    [InlineData("--draft-max 8", "Degrades speculative_decoding")]
    [InlineData("--spec-type ngram-cache", "Degrades speculative_decoding")]
    [InlineData("--spec-type none")]
    [InlineData("--spec-draft-model draft.gguf", "Degrades speculative_decoding")]
    [InlineData("--spec-ngram-mod-n-max 8", "Degrades speculative_decoding")]
    [InlineData("--spec-synth-len 4", "Degrades speculative_decoding")]
    [InlineData("--spec-default", "Degrades speculative_decoding")]
    [InlineData("--spec-of-tomorrow 4", "Degrades speculative_decoding")]
    [InlineData("--draft 8", "Degrades speculative_decoding")]
    [InlineData("--threads-draft 2", "Degrades speculative_decoding")]
    [InlineData("-lcs cache.bin", "Degrades speculative_decoding")]
    [InlineData("--backend-sampling", "Degrades sampling_backend")]
    [InlineData("--backend-sampling --no-backend-sampling")]
    [InlineData("--rpc host:1", "Degrades remote_compute")]
    [InlineData(
        "--chat-template ./chatml.jinja",
        "Refused template_file: llama-server takes the value of --chat-template, './chatml.jinja', for the template"
    )]
    [InlineData("--chat-template chatml")]
    // llama-server knows no abbreviations.
    [InlineData("--backend-samp")]
    [InlineData("--sleep-idle-seconds 300", "Degrades model_reloaded: --sleep-idle-seconds makes llama-server load")]
    [InlineData("--sleep-idle-seconds 0", "Degrades model_reloaded")]
    [InlineData("--sleep-idle-seconds -1")]
    [InlineData(
        "-fa auto",
        "Degrades flash_attention_auto: -fa auto is resolved anew at every start. Give -fa on or -fa off."
    )]
    [InlineData("-fa off")]
    [InlineData("--context-shift", "Degrades context_shift")]
    [InlineData(
        "--models-dir /models",
        "Refused router_mode: --models-dir makes llama-server load and unload models by itself"
    )]
    [InlineData("-c 8192 --api-key secret -t 4")]
    public void Arguments_that_break_determinism_are_reported(string arguments, params string[] found) =>
        Found.Is(
            Checks.Of(LlamaCpp, Options with { BackendArguments = arguments.Split(' ') }, Machines.With(Facts, "9.0")),
            found
        );

    [Theory]
    [InlineData("LLAMA_ARG_CONTEXT_SHIFT", "1", "", "Degrades context_shift")]
    [InlineData("LLAMA_ARG_CONTEXT_SHIFT", "enabled", "", "Degrades context_shift")]
    [InlineData("LLAMA_ARG_CONTEXT_SHIFT", "0", "")]
    [InlineData("LLAMA_ARG_CONTEXT_SHIFT", "1", "--no-context-shift")]
    [InlineData("LLAMA_ARG_NO_CONTEXT_SHIFT", "1", "")]
    [InlineData("LLAMA_ARG_SPEC_TYPE", "ngram-simple", "", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_SPEC_TYPE", "none", "")]
    [InlineData("LLAMA_ARG_SPEC_SYNTH_LEN", "4", "", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_SPEC_TYPE", "ngram-simple", "--spec-type none")]
    [InlineData("LLAMA_ARG_SPEC_DRAFT_MODEL", "/draft.gguf", "", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_SPEC_SYNTH_RATES", "0.5", "", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_SPEC_OF_TOMORROW", "4", "", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_SPEC_DRAFT_HF_REPO", "org/draft", "", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_SPEC_TYPE", "none", "--spec-draft-n-max 4", "Degrades speculative_decoding")]
    [InlineData("LLAMA_ARG_CACHE_REUSE", "256", "", "Degrades prompt_cache")]
    [InlineData("LLAMA_ARG_BACKEND_SAMPLING", "true", "", "Degrades sampling_backend")]
    [InlineData("LLAMA_ARG_RPC", "host:1", "", "Degrades remote_compute")]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE", "/t.jinja", "", "Refused template_file")]
    [InlineData("LLAMA_ARG_CHAT_TEMPLATE", "{{ messages }} of http://x", "")]
    // It is taken out of the environment.
    [InlineData("LLAMA_ARG_MODELS_DIR", "/models", "")]
    // The launch says it, and an argument wins.
    [InlineData("LLAMA_ARG_N_PARALLEL", "4", "")]
    [InlineData("LLAMA_ARG_CACHE_PROMPT", "1", "")]
    public void Variables_that_stand_for_arguments_are_judged_as_arguments(
        string variable,
        string value,
        string arguments,
        params string[] found
    ) =>
        Found.Is(
            Checks.Of(
                LlamaCpp,
                Options with
                {
                    BackendArguments = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                },
                Machines.With(Facts, "9.0") with
                {
                    Variables = new Dictionary<string, string> { [variable] = value },
                }
            ),
            found
        );

    [Fact]
    public void The_file_of_a_variable_is_a_part_of_the_model() =>
        Assert.Equal(
            [
                new ModelPart("model", Model),
                new ModelPart("draft", "/draft.gguf"),
                new ModelPart("projector", "/p.gguf"),
            ],
            LlamaCpp.Facts.ModelParts(
                Options,
                new Dictionary<string, string>
                {
                    ["LLAMA_ARG_SPEC_DRAFT_MODEL"] = "/draft.gguf",
                    ["LLAMA_ARG_MMPROJ"] = "/p.gguf",
                }
            )
        );

    [Theory]
    [InlineData("", "enforce", 1)]
    [InlineData("-np 4", "enforce", 4)]
    [InlineData("-np -1", "enforce", 4)]
    [InlineData("", "off", null)]
    public void The_engine_gets_as_many_requests_as_it_has_slots(string arguments, string determinism, int? limit) =>
        Assert.Equal(
            limit,
            LlamaCpp.RequestsAtOnce(
                Options with
                {
                    Determinism = Enum.Parse<DeterminismMode>(determinism, ignoreCase: true),
                    BackendArguments = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                }
            )
        );

    [Fact]
    public void The_limit_of_the_server_is_the_smaller_one()
    {
        Assert.Equal(1, Limit(Options).Limit);
        Assert.Equal(3, Limit(Options with { BackendArguments = ["-np", "4"], MaxConcurrency = 3 }).Limit);
        Assert.Equal(1, Limit(Options with { BackendUrl = new Uri("http://127.0.0.1:9") }).Limit);
    }

    private static ConcurrencyLimit Limit(ServeOptions options) =>
        new(options, LlamaCpp.RequestsAtOnce(options), TimeProvider.System);

    [Fact]
    public void The_model_must_be_one_GGUF_file()
    {
        const string remedy = " Give --model-path a .gguf file, or a folder with exactly one.";
        Found.Is(
            Check(new ModelFacts { IsFolder = true }, "/models/empty"),
            "Refused model_file: '/models/empty' has no .gguf file." + remedy
        );
        Found.Is(
            Check(new ModelFacts { IsFolder = true, GgufFiles = ["a", "b"] }, "/models/two"),
            "Refused model_file: '/models/two' has 2 .gguf files." + remedy
        );
        Found.Is(
            Check(new ModelFacts(), "qwen/qwen2.5-0.5b-instruct"),
            "Refused model_file: 'qwen/qwen2.5-0.5b-instruct' is not a .gguf file." + remedy
        );
        Found.Is(
            Check(new ModelFacts { IsMissing = true }, "/models/gone.gguf"),
            "Refused model_missing: --model-path: '/models/gone.gguf' does not exist on this machine. Give the path of "
                + "the model."
        );

        static IReadOnlyList<Finding> Check(ModelFacts model, string path) =>
            Checks.Of(LlamaCpp, Options with { ModelPath = path }, Machines.With(model, "9.0"));
    }

    [Theory]
    [InlineData("null", "Degrades arguments_unknown")]
    [InlineData("""{"total_slots":1}""", "Degrades arguments_unknown")]
    [InlineData(
        """{"total_slots":4}""",
        "Degrades arguments_unknown",
        "Degrades parallel_slots: llama-server has 4 slots"
    )]
    public void An_attached_llama_server_says_only_how_many_slots_it_has(string report, params string[] found)
    {
        JsonElement? told = report == "null" ? null : JsonDocument.Parse(report).RootElement;
        Found.Is(
            Checks.Of(
                LlamaCpp,
                new ServeOptions { BackendUrl = new Uri("http://127.0.0.1:9") },
                Machines.With("9.0"),
                told
            ),
            found
        );
    }

    public static TheoryData<string> Generations => [.. Machines.Generations];
}
