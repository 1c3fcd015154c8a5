using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>The launch of every engine on every kind of GPU and on the processor, exactly, in every mode.</summary>
public sealed class LaunchLineTests
{
    private const string Sglang =
            "SPT_NOENV=1 python3 -m sglang.launch_server --model-path /models/m --host 127.0.0.1 --port 30000 ",
        Vllm =
            "SPT_NOENV=1 vllm serve /models/m --host 127.0.0.1 --port 30000 --seed 0 --served-model-name m "
            + "--generation-config vllm --shutdown-timeout 30",
        LlamaServer =
            "env -u LLAMA_SERVER_ROUTER_PORT -u LLAMA_ARG_MODEL_URL -u LLAMA_ARG_HF_REPO -u LLAMA_ARG_HF_FILE "
            + "-u LLAMA_ARG_DOCKER_REPO -u LLAMA_ARG_HOST -u LLAMA_ARG_PORT -u LLAMA_ARG_REUSE_PORT "
            + "-u LLAMA_ARG_API_PREFIX -u LLAMA_ARG_SSL_CERT_FILE -u LLAMA_ARG_SSL_KEY_FILE -u LLAMA_ARG_MODELS_DIR "
            + "-u LLAMA_ARG_MODELS_PRESET -u LLAMA_ARG_MODELS_MAX -u LLAMA_ARG_MODELS_AUTOLOAD -u LLAMA_ARG_TOOLS "
            + "-u LLAMA_ARG_TOOLS_RUNTIME -u LLAMA_ARG_AGENT -u LLAMA_ARG_UI_MCP_PROXY "
            + "-u LLAMA_ARG_MCP_SERVERS_CONFIG -u LLAMA_ARG_MCP_SERVERS_JSON -u LLAMA_ARG_ENDPOINT_PROPS "
            + "-u LLAMA_ARG_ENDPOINT_SLOTS -u LLAMA_ARG_STATIC_PATH llama-server -m /models/m ",
        Invariant = "VLLM_BATCH_INVARIANT=1 ",
        Sampler = "VLLM_USE_FLASHINFER_SAMPLER=0 ";

    [Theory]
    [InlineData("7.5", "--attention-backend triton ")]
    [InlineData("8.0", "--attention-backend triton ")]
    [InlineData("8.9", "--attention-backend triton ")]
    [InlineData("9.0", "--attention-backend fa3 ")]
    [InlineData("10.0", "--attention-backend flashinfer ")]
    [InlineData("12.0", "--attention-backend flashinfer ")]
    [InlineData("gfx90a", "--attention-backend triton ")]
    [InlineData("gfx942", "--attention-backend triton ")]
    [InlineData("gfx950", "--attention-backend triton ")]
    [InlineData("gfx1100", "--attention-backend triton ")]
    [InlineData("xpu", "--attention-backend triton ")]
    [InlineData("xpu 0.5.23", "--attention-backend intel_xpu ")]
    [InlineData("none", "")]
    public void SGLang(string machine, string attention)
    {
        string deterministic =
            $"--enable-deterministic-inference {attention}--random-seed 0 --chunked-prefill-size 4096 ";
        const string name = "--served-model-name m";
        Assert.Equal(Sglang + deterministic + name, Line("sglang", machine));
        Assert.Equal(
            Sglang + deterministic + "--disable-radix-cache " + name,
            Line("sglang", machine, DeterminismMode.Strict)
        );
        Assert.Equal(Sglang + name, Line("sglang", machine, DeterminismMode.Off));
    }

    [Fact]
    public void SGLang_on_a_processor_is_refused_with_the_remedy_and_launched_without_its_mode()
    {
        foreach (DeterminismMode mode in (DeterminismMode[])[DeterminismMode.Enforce, DeterminismMode.Strict])
        {
            Found.Is(
                Checks.Of(Kind("sglang"), Options("sglang", mode), Machines.Of("cpu")),
                "Refused engine_cpu: SGLang has no deterministic mode on a processor. Use --backend embedded or "
                    + "llamacpp, or --determinism off."
            );
        }
        Assert.Equal(
            Sglang.Replace("=1 ", "=1 SGLANG_USE_CPU_ENGINE=1 ", StringComparison.Ordinal)
                + "--device cpu --served-model-name m",
            Line("sglang", "cpu", DeterminismMode.Off)
        );
        // The user's own device is not contradicted.
        Found.Is(
            Checks.Of(
                Kind("sglang"),
                Options("sglang") with
                {
                    BackendArguments = ["--device", "cpu"],
                },
                Machines.Of("9.0")
            ),
            "Refused engine_cpu"
        );
    }

    [Fact]
    public void SGLang_is_started_by_its_own_program_where_the_build_has_it()
    {
        var installation = new EngineInstallation("/venv/bin/python3", []) { ServeProgram = "/venv/bin/sglang" };
        MachineFacts machine = Machines.Of("9.0") with { Installation = installation };
        Assert.Equal(
            "SPT_NOENV=1 /venv/bin/sglang serve --model-path /models/m --host 127.0.0.1 --port 30000 "
                + "--enable-deterministic-inference --attention-backend fa3 --random-seed 0 "
                + "--chunked-prefill-size 4096 --served-model-name m",
            Line("sglang", machine)
        );
        machine = machine with { Installation = installation with { ServeTakesModelType = true } };
        Assert.StartsWith(
            "SPT_NOENV=1 /venv/bin/sglang serve --model-type llm --model-path ",
            Line("sglang", machine),
            StringComparison.Ordinal
        );
        // A wrapper is told what it always was told, and SGLang's program named by the user is one.
        ServeOptions wrapped = Options("sglang") with
        {
            BackendCommand = "/opt/wrapper",
        };
        Assert.StartsWith(
            "SPT_NOENV=1 /opt/wrapper -m sglang.launch_server ",
            Kind("sglang").Launcher!.Launch(wrapped, machine).Describe(),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "SPT_NOENV=1 /x/sglang serve --model-path ",
            Kind("sglang")
                .Launcher!.Launch(wrapped with { BackendCommand = "/x/sglang" }, Machines.Of("9.0"))
                .Describe(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("7.5", "", "")]
    [InlineData("8.0", Invariant + Sampler, "")]
    [InlineData("8.9", Invariant + Sampler, "")]
    [InlineData("9.0", Invariant + Sampler, "", " --attention-config.backend TRITON_ATTN")]
    [InlineData("10.0", Invariant + Sampler, "")]
    [InlineData("12.0", Invariant + Sampler, "")]
    [InlineData("gfx90a", Invariant, "")]
    [InlineData("gfx942", Invariant, "")]
    [InlineData("gfx950", Invariant, "")]
    [InlineData("gfx1100", "", "")]
    [InlineData("xpu", Invariant, " --attention-config.backend TRITON_ATTN")]
    [InlineData("none", Invariant + Sampler, "")]
    public void VLLM(string machine, string variables, string arguments, string strict = "")
    {
        Assert.Equal(variables + Vllm + arguments, Line("vllm", machine));
        Assert.Equal(
            variables + Vllm + arguments + strict + " --no-enable-prefix-caching",
            Line("vllm", machine, DeterminismMode.Strict)
        );
        Assert.Equal(Vllm, Line("vllm", machine, DeterminismMode.Off));
    }

    [Fact]
    public void VLLM_for_processors_gets_no_mode_and_computes_prompts_in_one_piece()
    {
        const string whole = Vllm + " --no-enable-chunked-prefill";
        Assert.Equal(whole, Line("vllm", "cpu"));
        Assert.Equal(whole + " --no-enable-prefix-caching", Line("vllm", "cpu", DeterminismMode.Strict));
        // A seed of a client ends it too.
        Assert.Equal(whole, Line("vllm", "cpu", DeterminismMode.Off));
        Assert.Equal(
            whole + " --device cpu",
            Kind("vllm")
                .Launcher!.Launch(Options("vllm") with { BackendArguments = ["--device", "cpu"] }, Machines.Of("9.0"))
                .Describe()
        );
    }

    [Theory]
    [InlineData("VLLM_BATCH_INVARIANT", "0", Sampler, "Degrades mode_off")]
    [InlineData("VLLM_BATCH_INVARIANT", "1", Sampler)]
    [InlineData("VLLM_USE_FLASHINFER_SAMPLER", "1", Invariant, "Degrades sampling_backend")]
    [InlineData("VLLM_USE_FLASHINFER_SAMPLER", "0", Invariant)]
    public void A_variable_that_the_user_has_set_is_not_replaced_but_judged(
        string name,
        string value,
        string set,
        params string[] found
    )
    {
        MachineFacts machine = Machines.Of("10.0") with
        {
            Variables = new Dictionary<string, string> { [name] = value },
        };
        Assert.Equal(set + Vllm, Line("vllm", machine));
        Found.Is(Checks.Of(Kind("vllm"), Options("vllm"), machine), found);
    }

    [Fact]
    public void VLLM_of_an_interpreter_is_started_as_a_module() =>
        Assert.StartsWith(
            "SPT_NOENV=1 /venv/bin/python3 -m vllm.entrypoints.cli.main serve /models/m ",
            Kind("vllm")
                .Launcher!.Launch(Options("vllm") with { BackendCommand = "/venv/bin/python3" }, Machines.Of("cpu"))
                .Describe(),
            StringComparison.Ordinal
        );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Llama_server(string machine)
    {
        const string beginning = LlamaServer + "--host 127.0.0.1 --port 30000 -a m --no-slots --no-webui";
        (string attention, string layers) = machine is "none" or "cpu" ? ("off", "0") : ("on", "999");
        string rest = $" --seed 0 -fa {attention} -b 2048 -ub 512 -t 16 -tb 16 -ngl {layers} -ctk f16 -ctv f16";
        Assert.Equal($"{beginning} -np 1 --no-cache-prompt{rest}", Line("llamacpp", machine));
        Assert.Equal(
            $"{beginning} -np 1 --no-cache-prompt -cram 0{rest}",
            Line("llamacpp", machine, DeterminismMode.Strict)
        );
        Assert.Equal(beginning, Line("llamacpp", machine, DeterminismMode.Off));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_embedded_engine_is_the_same_everywhere(string machine)
    {
        foreach (DeterminismMode mode in Enum.GetValues<DeterminismMode>())
            Assert.Equal(Line("embedded", "cpu"), Line("embedded", machine, mode));
    }

    private static readonly EngineEndpoint Socket = new("", 0) { SocketPath = "/run/x/e.sock", Folder = "/run/x" },
        Port =
            new("127.0.0.1", 30000)
            {
                Folder = "/run/x",
                Key = "K",
                AdminKey = "A",
            };

    [Theory]
    [InlineData("vllm", "serve /models/m --uds /run/x/e.sock --seed 0 ")]
    [InlineData("llamacpp", "llama-server -m /models/m --host /run/x/e.sock -a m ")]
    [InlineData("embedded", "engine --model-path /models/m --uds /run/x/e.sock --served-model-name m ")]
    public void On_a_socket(string engine, string part) =>
        Assert.Contains(
            part,
            Kind(engine).Launcher!.Launch(Options(engine), Machines.Of("9.0"), Socket).Describe(),
            StringComparison.Ordinal
        );

    /// <summary>The engine's own program reads its keys where no list of processes shows them.</summary>
    [Theory]
    [InlineData("sglang", "--port 30000 --config /run/x/keys.yaml --enable", "", "api-key: 'K'\nadmin-api-key: 'A'\n")]
    [InlineData("vllm", "--port 30000 --seed 0 ", "VLLM_API_KEY=K")]
    [InlineData("llamacpp", "--port 30000 --api-key-file /run/x/key -a m ", "", "K\n")]
    public void On_a_port_with_keys(string engine, string part, string variable = "", string file = "")
    {
        EngineLaunch launch = Kind(engine).Launcher!.Launch(Options(engine), Machines.Of("9.0"), Port);
        Assert.Contains(part, launch.Describe(), StringComparison.Ordinal);
        Assert.Equal(
            variable,
            string.Concat(launch.Environment.Where(one => one.Value == "K").Select(one => $"{one.Key}={one.Value}"))
        );
        Assert.Equal(file, string.Concat(launch.Files.Values));
        Assert.DoesNotContain("K", launch.Arguments);
    }

    /// <summary>A wrapper may start it where no file of this machine is seen.</summary>
    [Theory]
    [InlineData("sglang", "--port", "30000", "--api-key", "K", "--admin-api-key", "A")]
    [InlineData("vllm", "--port", "30000", "--api-key", "K")]
    [InlineData("llamacpp", "--port", "30000", "--api-key", "K")]
    public void A_wrapper_on_a_port_with_keys(string engine, params string[] words)
    {
        ServeOptions options = Options(engine) with { BackendCommand = "/opt/wrapper" };
        EngineLaunch launch = Kind(engine).Launcher!.Launch(options, Machines.Of("9.0"), Port);
        Assert.Contains(string.Join('\n', words), string.Join('\n', launch.Arguments), StringComparison.Ordinal);
        Assert.DoesNotContain(" K", launch.Describe(), StringComparison.Ordinal);
        Assert.Empty(launch.Files);
    }

    [Fact]
    public void Every_argument_and_variable_of_a_launch_has_its_reason()
    {
        var seen = new HashSet<(string, string)>();
        foreach (string engine in (string[])["sglang", "vllm", "llamacpp"])
        {
            foreach (EngineLaunch launch in Launches(engine))
            {
                // The model's path is a word that stands alone, or follows its flag; names of modules follow -m.
                string[] names =
                [
                    .. launch.Environment.Keys,
                    .. launch.Arguments.Where(word =>
                        (EngineCommandLine.IsFlag(word) || word == "serve") && word != "-1"
                    ),
                ];
                foreach (string name in names)
                {
                    Assert.Contains(LaunchReasons.All, reason => (reason.Engine, reason.Name) == (engine, name));
                    seen.Add((engine, name));
                }
            }
        }
        // No reason for what is not there.
        Assert.Equal(LaunchReasons.All.Select(reason => (reason.Engine, reason.Name)).Order(), seen.Order());
    }

    private static IEnumerable<EngineLaunch> Launches(string engine)
    {
        IEngineLauncher launcher = Kind(engine).Launcher!;
        var installation = new EngineInstallation("/venv/bin/python3", [])
        {
            ServeProgram = "/venv/bin/sglang",
            ServeTakesModelType = true,
        };
        foreach (string machine in Machines.Kinds)
        {
            MachineFacts facts = Machines.Of(machine);
            foreach (DeterminismMode mode in Enum.GetValues<DeterminismMode>())
            {
                ServeOptions options = Options(engine, mode);
                foreach (EngineEndpoint endpoint in (EngineEndpoint[])[launcher.HasSocket ? Socket : Port, Port])
                {
                    yield return launcher.Launch(options, facts, endpoint);
                    yield return launcher.Launch(options with { BackendCommand = "/opt/wrapper" }, facts, endpoint);
                    yield return launcher.Launch(
                        options with
                        {
                            BackendCommand = "/venv/bin/python3",
                        },
                        facts with
                        {
                            Installation = installation,
                        },
                        endpoint
                    );
                }
            }
        }
    }

    public static TheoryData<string> Kinds => [.. Machines.Kinds];

    private static string Line(string engine, string machine, DeterminismMode mode = DeterminismMode.Enforce) =>
        Line(engine, Machines.Of(machine), mode);

    private static string Line(string engine, MachineFacts machine, DeterminismMode mode = DeterminismMode.Enforce) =>
        Kind(engine).Launcher!.Launch(Options(engine, mode), machine).Describe();

    private static IEngineKind Kind(string engine) => EngineRegistry.BuiltIn.Find(engine)!;

    private static ServeOptions Options(string engine, DeterminismMode mode = DeterminismMode.Enforce) =>
        new()
        {
            Backend = engine,
            ModelPath = "/models/m",
            Determinism = mode,
        };
}
