using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Vllm;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Vllm;

/// <summary>Launch commands of vLLM, exactly, and findings about them.</summary>
public sealed class VllmLaunchTests
{
    private static readonly VllmKind Vllm = new();
    private static readonly ServeOptions Options = new() { Backend = "vllm", ModelPath = "/models/llama-2-7b" };

    [Theory]
    [InlineData("8.0")]
    [InlineData("8.9")]
    [InlineData("9.0")]
    [InlineData("10.0")]
    [InlineData("12.0")]
    [InlineData("none")]
    public void VLLM_is_started_in_its_batch_invariant_mode(string gpu)
    {
        EngineLaunch launch = Vllm.Launcher.Launch(Options, Machines.With(gpu));
        Assert.Equal("vllm", launch.File);
        Assert.Equal(
            "serve /models/llama-2-7b --host 127.0.0.1 --port 30000 --seed 0 --served-model-name llama-2-7b "
                + "--generation-config vllm --shutdown-timeout 30",
            string.Join(' ', launch.Arguments)
        );
        Assert.Equal(
            [new("VLLM_BATCH_INVARIANT", "1"), new("VLLM_USE_FLASHINFER_SAMPLER", "0"), new("SPT_NOENV", "1")],
            launch.Environment
        );
        Assert.Empty(launch.Unset);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public void Settings_and_the_arguments_behind_the_dashes_reach_vLLM_verbatim(string gpu)
    {
        string[] own =
        [
            "--tensor-parallel-size",
            "2",
            "--attention-backend=FLASHINFER",
            "",
            "two words",
            "--",
            "\"'$HOME",
        ];
        EngineLaunch launch = Vllm.Launcher.Launch(
            Options with
            {
                ModelPath = "org/Some Model",
                ServedModelName = "the name",
                BackendHost = "0.0.0.0",
                BackendPort = 31337,
                BackendCommand = "/opt/venv/bin/vllm",
                StopTimeout = TimeSpan.FromSeconds(90.5),
                BackendArguments = own,
            },
            Machines.With(gpu)
        );
        Assert.Equal("/opt/venv/bin/vllm", launch.File);
        Assert.Equal(
            [
                "serve",
                "org/Some Model",
                "--host",
                "0.0.0.0",
                "--port",
                "31337",
                "--seed",
                "0",
                "--served-model-name",
                "the name",
                "--generation-config",
                "vllm",
                "--shutdown-timeout",
                "90",
                .. own,
            ],
            launch.Arguments
        );
    }

    [Fact]
    public void Without_determinism_vLLM_is_started_in_its_usual_mode() =>
        Assert.Equal(
            [new("SPT_NOENV", "1")],
            Vllm.Launcher.Launch(Options with { Determinism = DeterminismMode.Off }, Machines.With("9.0")).Environment
        );

    [Theory]
    [InlineData(
        "7.5",
        "Degrades gpu_unsupported: vLLM's batch-invariant mode needs compute capability 8.0, and a GPU of this "
            + "machine has 7.5. Use a newer GPU."
    )]
    [InlineData(
        "8.0",
        "Degrades gpu_unverified: vLLM documents its batch-invariant mode from compute capability 9.0 on, and a "
            + "GPU of this machine has 8.0."
    )]
    [InlineData("8.9", "Degrades gpu_unverified")]
    [InlineData("9.0", "Degrades attention_backend: FlashAttention 3, which vLLM has on compute capability 9.0")]
    [InlineData("10.0")]
    [InlineData("12.0")]
    [InlineData("none", "Degrades gpu_unknown: Which processor vLLM computes on is not known")]
    [InlineData("?", "Degrades gpu_unknown")]
    [InlineData("9.0 8.6", "Degrades gpu_unverified")]
    public void The_GPU_decides_what_the_defaults_are_worth(string gpus, params string[] found) =>
        Found.Is(Checks.Of(Vllm, Options, Machines.With(gpus.Split(' '))), found);

    [Theory]
    [InlineData("8.0 0.31.2", "Degrades gpu_unverified")]
    [InlineData("8.0 0.32.0rc1", "Degrades gpu_unverified")]
    [InlineData("8.0 0.32.0")]
    [InlineData("8.9 0.33.1+cu130")]
    [InlineData("gfx942", "Degrades gpu_unverified: vLLM documents its batch-invariant mode for GPUs of AMD and Intel")]
    [InlineData("gfx90a 0.32.0")]
    [InlineData("gfx942 0.32.0")]
    [InlineData("gfx950 0.32.0+rocm6.4")]
    [InlineData("gfx1100 0.32.0", "Degrades gpu_unsupported: vLLM's batch-invariant mode has no kernels for gfx1100")]
    [InlineData("xpu 0.31.0", "Degrades gpu_unverified")]
    [InlineData("xpu 0.32.0")]
    [InlineData(
        "cpu",
        "Degrades cpu_build: vLLM for processors has no batch-invariant mode: other requests in the batch may change "
            + "an answer. Use --max-concurrency 1, a GPU, or --backend embedded or llamacpp."
    )]
    [InlineData("cpu 0.32.0+cpu", "Degrades cpu_build")]
    public void The_release_decides_on_which_GPUs_the_mode_is_documented(string machine, params string[] found) =>
        Found.Is(Checks.Of(Vllm, Options, Machines.Of(machine)), found);

    [Theory]
    [InlineData("10.0 0.25.1", "--tensor-parallel-size 2", "Degrades engine_version", "Degrades tensor_parallel")]
    [InlineData("10.0 0.26.0", "-tp 2", "Degrades engine_version: vLLM 0.26.0: RMSNorm changes its order")]
    [InlineData("10.0 0.27.0", "-tp 2")]
    [InlineData("10.0", "--compilation-config {\"pass_config\":{\"enable_sp\":true}}", "Degrades sequence_parallel")]
    [InlineData("10.0", "--compilation-config {\"level\":3}")]
    [InlineData("10.0", "--compilation-config.pass_config.enable_sp true", "Degrades sequence_parallel")]
    [InlineData("10.0", "--compilation_config.pass_config.enable_sp=true", "Degrades sequence_parallel")]
    [InlineData("10.0", "-cc.pass_config.enable_sp=true", "Degrades sequence_parallel")]
    [InlineData("10.0", "-cc.pass_config {\"enable_sp\":true}", "Degrades sequence_parallel")]
    [InlineData("10.0", "-cc.pass_config.fuse_gemm_comms True", "Degrades sequence_parallel")]
    [InlineData("10.0", "-O.pass_config.enable_async_tp true", "Degrades sequence_parallel")]
    [InlineData("10.0", "-O {\"pass_config\":{\"enable_sequence_parallelism\":true}}", "Degrades sequence_parallel")]
    [InlineData("10.0", "-cc {\"pass_config\":{\"enable_sp\":true}} -O 3", "Degrades sequence_parallel")]
    [InlineData("10.0", "-cc.pass_config.enable_sp true -cc.level 3", "Degrades sequence_parallel")]
    [InlineData("10.0", "-cc.pass_config.enable_sp true -cc.pass_config.enable_sp false")]
    [InlineData("10.0", "-cc.pass_config.enable_sp true -cc.pass_config null")]
    [InlineData("10.0", "-cc {\"pass_config\":{\"enable_sp\":false}}")]
    [InlineData("10.0", "-O3")]
    [InlineData("9.0", "-ac {\"backend\":\"TRITON_ATTN\"}")]
    [InlineData("9.0", "-ac.backend auto", "Degrades attention_backend: FlashAttention 3")]
    [InlineData("9.0", "-ac.use_prefill_decode_attention true", "Degrades attention_backend: FlashAttention 3")]
    [InlineData("xpu 0.32.0", "--attention-backend FLASH_ATTN", "Degrades attention_backend: The attention backend")]
    [InlineData("9.0", "--attention-backend TRITON_ATTN")]
    [InlineData("9.0", "--attention-backend FLASH_ATTN", "Degrades attention_backend: FlashAttention 3")]
    public void What_reports_show_of_builds_and_kernels_is_said(
        string machine,
        string arguments,
        params string[] found
    ) =>
        Found.Is(
            Checks.Of(Vllm, Options with { BackendArguments = arguments.Split(' ') }, Machines.Of(machine)),
            found
        );

    [Fact]
    public void The_safe_side_has_no_such_kernel() =>
        Found.Is(Checks.Of(Vllm, Options with { Determinism = DeterminismMode.Strict }, Machines.Of("9.0")));

    /// <summary>Of two configurations in different spellings vLLM would lose one.</summary>
    [Theory]
    [InlineData("", true)]
    [InlineData("-tp 2", true)]
    [InlineData("-ac.use_cudnn_prefill true", false, "Degrades attention_backend: FlashAttention 3")]
    [InlineData("-ac {}", false, "Degrades attention_backend: FlashAttention 3")]
    [InlineData("-ac.backend FLEX_ATTENTION", false)]
    public void The_kernel_of_the_safe_side_is_not_added_beside_a_configuration_of_the_users(
        string arguments,
        bool isAdded,
        params string[] found
    )
    {
        ServeOptions options = Options with
        {
            Determinism = DeterminismMode.Strict,
            BackendArguments = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
        Assert.Equal(
            isAdded,
            Vllm.Launcher.Launch(options, Machines.Of("9.0")).Arguments.Contains("--attention-config.backend")
        );
        Found.Is(Checks.Of(Vllm, options, Machines.Of("9.0")), found);
    }

    /// <summary>The advice is one that can be followed on that machine.</summary>
    [Theory]
    [InlineData("Unknown", "Which processor vLLM computes on", "Give --backend-command vLLM's own program.")]
    [InlineData("Cuda", "vLLM is to compute on NVIDIA's GPUs, of which this machine shows none", "processors.")]
    [InlineData("Rocm", "vLLM's build is for AMD's GPUs, of which the kernel shows none", "see them.")]
    public void A_machine_that_shows_no_GPU_gets_the_advice_for_the_build(string kind, string begin, string end)
    {
        Finding finding = Assert.Single(
            Checks.Of(Vllm, Options, Machines.Of("none") with { Compute = Enum.Parse<ComputeKind>(kind) })
        );
        Assert.Equal("gpu_unknown", finding.Code);
        Assert.StartsWith(begin, finding.Text, StringComparison.Ordinal);
        Assert.EndsWith(end, finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_for_processors_is_kept_from_what_ends_it()
    {
        Found.Is(
            Checks.Of(Vllm, Options with { BackendArguments = ["--enable-chunked-prefill"] }, Machines.Of("cpu")),
            "Degrades cpu_build",
            "Refused chunked_prefill: --enable-chunked-prefill: a request with a seed ends vLLM for processors"
        );
        Found.Is(
            Checks.Of(
                Vllm,
                Options,
                Machines.Of("cpu") with
                {
                    Variables = new Dictionary<string, string> { ["VLLM_BATCH_INVARIANT"] = "1" },
                }
            ),
            "Refused cpu_build: VLLM_BATCH_INVARIANT=1 ends the start of vLLM for processors"
        );
    }

    [Theory]
    [InlineData(
        "--attention-backend FLASHINFER",
        "Degrades attention_backend: The attention backend FLASHINFER (--attention-backend, --attention-config, "
            + "VLLM_ATTENTION_BACKEND) is not batch-invariant. Use FLASH_ATTN or TRITON_ATTN"
    )]
    [InlineData("--attention_backend=flashinfer", "Degrades attention_backend")]
    [InlineData("--attention-config.backend FLASHMLA", "Degrades attention_backend")]
    [InlineData("-ac {\"backend\":\"FLASHINFER\"}", "Degrades attention_backend: The attention backend FLASHINFER")]
    [InlineData("-ac={\"backend\":\"flashinfer\"}", "Degrades attention_backend")]
    [InlineData("-ac.backend FLASHINFER", "Degrades attention_backend")]
    [InlineData("-ac.backend=FLASHINFER", "Degrades attention_backend")]
    [InlineData("--attention_config.backend FLASHINFER", "Degrades attention_backend")]
    [InlineData("--attention-conf.backend FLASHINFER", "Degrades attention_backend")]
    [InlineData("--attention-config {\"backend\":\"FLASH_ATTN\"}")]
    [InlineData("--attention-config {\"backend\":null}")]
    [InlineData("--attention-backend auto")]
    // What has dots counts, and replaces the rest.
    [InlineData("-ac.backend TRITON_ATTN --attention-config {\"backend\":\"FLASHINFER\"}")]
    [InlineData("-ac {\"backend\":\"TRITON_ATTN\"} -ac {\"backend\":\"FLASHINFER\"}", "Degrades attention_backend")]
    [InlineData("-ac.backend FLASHINFER -ac.flash_attn_version 2", "Degrades attention_backend")]
    [InlineData("--attention-backend FLASH_ATTN")]
    [InlineData("--attention-backend triton_attn")]
    [InlineData("--attention-backend FLEX_ATTENTION")]
    [InlineData("--attention-backend FLASH_ATTN_MLA")]
    [InlineData("--attention-backend TRITON_MLA")]
    [InlineData("--kv-cache-dtype fp8", "Degrades kv_cache_type")]
    [InlineData("--kv-cache-dtype=fp8_e4m3", "Degrades kv_cache_type")]
    [InlineData("--kv-cache-dtype auto")]
    [InlineData("--speculative-config {\"method\":\"ngram\"}", "Degrades speculative_decoding")]
    [InlineData("--speculative-config.method=ngram", "Degrades speculative_decoding")]
    [InlineData("-sc {}", "Degrades speculative_decoding")]
    [InlineData("-sc.method ngram", "Degrades speculative_decoding")]
    [InlineData("--spec-tokens 3", "Degrades speculative_decoding")]
    [InlineData("--kv-cache-dtype nvfp4", "Degrades kv_cache_type")]
    [InlineData("--kv-cache-dtype bfloat16")]
    [InlineData("--override-generation-config.top_k 1", "Note generation_config")]
    [InlineData("--config vllm.yaml", "Degrades config_file")]
    [InlineData("--generation-config auto", "Note generation_config")]
    [InlineData("--override-generation-config {\"top_k\":1}", "Note generation_config")]
    [InlineData("--generation-config vllm")]
    [InlineData("--tensor-parallel-size 4 --max-model-len 8192 --api-key secret")]
    public void Arguments_that_break_determinism_are_reported(string arguments, params string[] found) =>
        Found.Is(
            Checks.Of(Vllm, Options with { BackendArguments = arguments.Split(' ') }, Machines.With("10.0")),
            found
        );

    [Fact]
    public void An_inherited_variable_that_breaks_determinism_is_reported_unless_an_argument_overrides_it()
    {
        MachineFacts machine = Machines.With("10.0") with
        {
            Variables = new Dictionary<string, string> { ["VLLM_ATTENTION_BACKEND"] = "FLASHINFER" },
        };
        Found.Is(Checks.Of(Vllm, Options, machine), "Degrades attention_backend");
        Found.Is(Checks.Of(Vllm, Options with { BackendArguments = ["--attention-backend", "FLASH_ATTN"] }, machine));
    }

    [Fact]
    public void An_attached_vLLM_does_not_say_how_it_was_started() =>
        Found.Is(
            Checks.Of(Vllm, new ServeOptions { BackendUrl = new Uri("http://127.0.0.1:9") }, Machines.With("9.0")),
            "Degrades arguments_unknown: This server did not launch the engine, and the engine's arguments are "
                + "unknown. Let this server launch it (leave --backend-url out). If it is a build for processors, "
                + "start it with --no-enable-chunked-prefill: a seed ends it otherwise."
        );

    [Fact]
    public void Without_determinism_one_reason_says_it() =>
        Found.Is(
            Checks.Of(
                Vllm,
                Options with
                {
                    Determinism = DeterminismMode.Off,
                    BackendArguments = ["--kv-cache-dtype", "fp8"],
                },
                Machines.With("7.5")
            ),
            "Degrades determinism_off"
        );

    public static TheoryData<string> Generations => [.. Machines.Generations];
}
