using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Sglang;

/// <summary>Launch commands of SGLang on each kind of machine, exactly, and findings about them.</summary>
public sealed class SglangLaunchTests
{
    private const string DeepSeek = "DeepseekV3ForCausalLM";

    private static readonly SglangKind Sglang = new();
    private static readonly ServeOptions Options = new() { ModelPath = "/models/llama-2-7b" };

    [Theory]
    [InlineData("7.5", " --attention-backend triton")]
    [InlineData("8.0", " --attention-backend triton")]
    [InlineData("8.9", " --attention-backend triton")]
    [InlineData("9.0", " --attention-backend fa3")]
    [InlineData("10.0", " --attention-backend flashinfer")]
    [InlineData("12.0", " --attention-backend flashinfer")]
    [InlineData("none", "")]
    [InlineData("?", "")]
    // It is unknown which of several kinds is used; triton runs on all.
    [InlineData("8.0 9.0", " --attention-backend triton")]
    [InlineData("9.0 12.0", " --attention-backend triton")]
    [InlineData("9.0 9.0", " --attention-backend fa3")]
    [InlineData("10.0 12.0", " --attention-backend flashinfer")]
    [InlineData("9.0 ?", "")]
    public void SGLang_is_started_in_its_deterministic_mode(string gpus, string attention)
    {
        EngineLaunch launch = Sglang.Launcher.Launch(Options, Machines.With(gpus.Split(' ')));
        Assert.Equal("python3", launch.File);
        Assert.Equal(
            "-m sglang.launch_server --model-path /models/llama-2-7b --host 127.0.0.1 --port 30000 "
                + $"--enable-deterministic-inference{attention} --random-seed 0 --chunked-prefill-size 4096 "
                + "--served-model-name llama-2-7b",
            string.Join(' ', launch.Arguments)
        );
        Assert.Equal([new("SPT_NOENV", "1")], launch.Environment);
        Assert.Empty(launch.Unset);
    }

    [Theory]
    [InlineData(DeepSeek, "10.0", "triton")]
    [InlineData("DeepseekV2ForCausalLM", "12.0", "triton")]
    [InlineData("DeepseekV32ForCausalLM", "10.0", "triton")]
    [InlineData("MistralLarge3ForCausalLM", "10.0", "triton")]
    [InlineData("PixtralForConditionalGeneration", "10.0", "triton")]
    [InlineData("GlmMoeDsaForCausalLM", "10.0", "triton")]
    [InlineData("Glm4MoeLiteForCausalLM", "10.0", "triton")]
    [InlineData("Glm5NextForConditionalGeneration", "10.0", "triton")]
    [InlineData("Glm5NextForConditionalGeneration", "9.0", "fa3")]
    [InlineData("Qwen3ForCausalLM", "10.0", "flashinfer")]
    [InlineData(DeepSeek, "9.0", "fa3")]
    [InlineData(DeepSeek, "8.0", "triton")]
    public void Some_families_are_launched_on_fa3_and_triton_only(string architecture, string gpu, string attention)
    {
        MachineFacts machine = Machines.With(new ModelFacts { Architectures = [architecture] }, gpu);
        IReadOnlyList<string> arguments = Sglang.Launcher.Launch(Options, machine).Arguments;
        Assert.Equal(attention, arguments[arguments.ToList().IndexOf("--attention-backend") + 1]);
        Found.Is(Check(machine, "--disable-radix-cache"));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public void Settings_and_the_arguments_behind_the_dashes_reach_SGLang_verbatim(string gpu)
    {
        string[] own = ["--tp-size", "2", "--attention-backend=fa3", "", "two words", "--log-level", "--", "\"'$HOME"];
        EngineLaunch launch = Sglang.Launcher.Launch(
            Options with
            {
                ModelPath = "org/Some Model",
                ServedModelName = "the name",
                BackendHost = "0.0.0.0",
                BackendPort = 31337,
                BackendCommand = "/opt/venv/bin/python3",
                BackendArguments = own,
            },
            Machines.With(gpu)
        );
        Assert.Equal("/opt/venv/bin/python3", launch.File);
        Assert.Equal(
            [
                "-m",
                "sglang.launch_server",
                "--model-path",
                "org/Some Model",
                "--host",
                "0.0.0.0",
                "--port",
                "31337",
                "--enable-deterministic-inference",
            ],
            launch.Arguments.Take(9)
        );
        // The last of repeated flags counts.
        Assert.Equal(
            ["--random-seed", "0", "--chunked-prefill-size", "4096", "--served-model-name", "the name", .. own],
            launch.Arguments.TakeLast(6 + own.Length)
        );
    }

    [Fact]
    public void Without_determinism_SGLang_is_started_in_its_usual_mode()
    {
        EngineLaunch launch = Sglang.Launcher.Launch(
            Options with
            {
                Determinism = DeterminismMode.Off,
            },
            Machines.With("9.0")
        );
        Assert.Equal(
            "-m sglang.launch_server --model-path /models/llama-2-7b --host 127.0.0.1 --port 30000 "
                + "--served-model-name llama-2-7b",
            string.Join(' ', launch.Arguments)
        );
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public void The_defaults_are_deterministic_on_every_kind_of_GPU(string gpu) =>
        Found.Is(
            Check(Machines.With(gpu)),
            gpu switch
            {
                Machines.NoGpu => ["Note gpu_unknown: No NVIDIA GPU is seen"],
                "9.0" => ["Degrades prefix_cache"],
                _ => [],
            }
        );

    [Theory]
    [MemberData(nameof(Generations))]
    public void The_safe_side_is_deterministic_on_every_kind_of_GPU(string gpu) =>
        Found.Is(
            Checks.Of(Sglang, Options with { Determinism = DeterminismMode.Strict }, Machines.With(gpu)),
            gpu == Machines.NoGpu ? ["Note gpu_unknown"] : []
        );

    [Theory]
    [InlineData("Gemma4ForConditionalGeneration", "Degrades architecture_unproven")]
    [InlineData("Qwen3NextForCausalLM", "Degrades architecture_unproven")]
    [InlineData("Qwen3_5MoeForConditionalGeneration", "Degrades architecture_unproven")]
    [InlineData("DeepseekV4ForCausalLM", "Degrades architecture_unproven")]
    [InlineData("GptOssForCausalLM", "Degrades architecture_unproven")]
    [InlineData("BambaForCausalLM", "Degrades architecture_unproven")]
    [InlineData("Qwen3ForCausalLM")]
    public void Models_with_open_reports_are_not_called_deterministic(string architecture, params string[] found) =>
        Found.Is(Check(Machines.With(new ModelFacts { Architectures = [architecture] }, "8.9")), found);

    [Fact]
    public void A_quantised_model_a_variable_and_a_plug_in_are_reasons()
    {
        MachineFacts machine = Machines.With(new ModelFacts { Quantization = "awq" }, "8.9") with
        {
            Variables = new Dictionary<string, string>
            {
                ["SGLANG_BATCH_INVARIANT_OPS_ENABLE_MM_FALLBACK_VARIANT"] = "1",
            },
            Installation = new EngineInstallation("/venv/bin/python3", [])
            {
                Plugins = ["sglang.srt.plugins:mine=my.plugin:load"],
            },
        };
        Found.Is(
            Check(machine),
            "Degrades engine_plugins",
            "Degrades quantised_gemm: SGLang's deterministic mode does not cover quantised matrix products (awq).",
            "Degrades batch_variant_gemm"
        );
    }

    [Theory]
    [InlineData(
        "9.0",
        "--attention-backend torch_native",
        "Refused attention_backend: --attention-backend torch_native has no deterministic mode. Use fa3"
    )]
    [InlineData(
        "9.0",
        "--attention-backend fa3 --attention-backend=flex_attention",
        "Refused attention_backend: --attention-backend flex_attention"
    )]
    [InlineData(
        "9.0",
        "--decode-attention-backend trtllm_mla",
        "Refused attention_backend: --attention-backend trtllm_mla",
        "Degrades prefix_cache"
    )]
    [InlineData(
        "10.0",
        "--attention-backend fa3",
        "Refused attention_backend_gpu: --attention-backend fa3 runs on compute capability 8.0 to 9.0, and this "
            + "machine's GPUs have 10.0.",
        "Degrades prefix_cache"
    )]
    [InlineData("7.5", "--attention-backend fa3", "Refused attention_backend_gpu", "Degrades prefix_cache")]
    [InlineData("8.0", "--attention-backend fa3", "Degrades prefix_cache")]
    [InlineData("9.0", "--attention-backend flashinfer")]
    [InlineData("9.0", "--attention-backend triton")]
    [InlineData(
        "8.0",
        "--chunked-prefill-size 2048",
        "Refused chunked_prefill: --chunked-prefill-size 2048 makes longer prompts hang forever"
    )]
    [InlineData("12.0", "--chunked-prefill-size=4095", "Refused chunked_prefill")]
    [InlineData("none", "--chunked-prefill-size 512", "Note gpu_unknown", "Refused chunked_prefill")]
    [InlineData("9.0", "--attention-backend triton --chunked-prefill-size 2048", "Refused chunked_prefill")]
    [InlineData("9.0", "--chunked-prefill-size 2048", "Degrades prefix_cache")]
    [InlineData("8.0", "--chunked-prefill-size 4096")]
    [InlineData("8.0", "--chunked-prefill-size 8192")]
    [InlineData("8.0", "--chunked-prefill-size -1")]
    [InlineData(
        "8.9",
        "--kv-cache-dtype fp8_e5m2",
        "Degrades kv_cache_type: --kv-cache-dtype fp8_e5m2 is not known to be deterministic. Leave it out."
    )]
    [InlineData("8.9", "--kv-cache-dtype=fp8_e4m3", "Degrades kv_cache_type")]
    [InlineData("8.9", "--kv-cache-dtype fp8_e4m3 --kv-cache-dtype auto")]
    [InlineData("8.9", "--kv-cache-dtype bf16")]
    [InlineData(
        "8.9",
        "--sampling-backend flashinfer",
        "Degrades sampling_backend: --sampling-backend flashinfer takes no seeds."
    )]
    [InlineData("8.9", "--sampling-backend pytorch")]
    [InlineData("8.9", "--speculative-algorithm EAGLE --speculative-num-steps 3", "Degrades speculative_decoding")]
    [InlineData("8.9", "--speculative-algo=NEXTN", "Degrades speculative_decoding")]
    [InlineData("8.9", "--enable-dp-attention", "Degrades data_parallel")]
    [InlineData("8.9", "--dp-size 2", "Degrades data_parallel")]
    [InlineData("8.9", "--dp 2", "Degrades data_parallel")]
    [InlineData("8.9", "--data-parallel-size=2", "Degrades data_parallel")]
    [InlineData("8.9", "--dp-size 1")]
    [InlineData(
        "8.9",
        "--tp-size 4",
        "Degrades tensor_parallel: --tp-size 4: SGLang's deterministic mode is shown up to 2 GPUs. Use at most 2."
    )]
    [InlineData("8.9", "--tp 3", "Degrades tensor_parallel")]
    [InlineData("8.9", "--tensor-parallel-size=8", "Degrades tensor_parallel")]
    [InlineData("8.9", "--tensor-paral 8", "Degrades tensor_parallel")]
    [InlineData("8.9", "--tp 8 --tp 2")]
    [InlineData("8.9", "--tp 2 --log-level debug --api-key secret")]
    [InlineData("8.9", "--config sglang.yaml", "Degrades config_file")]
    [InlineData("8.9", "--attn-dp-size 2", "Degrades data_parallel")]
    [InlineData("8.9", "--attn-dp-size 1")]
    [InlineData("8.9", "--attn-cp-size 2", "Degrades context_parallel: --attn-cp-size is not part of")]
    [InlineData("8.9", "--dcp-size 2", "Degrades context_parallel")]
    [InlineData("8.9", "--enable-prefill-cp", "Degrades context_parallel")]
    [InlineData("8.9", "--enable-tf32-matmul", "Degrades matmul_precision")]
    [InlineData("8.9", "--enable-hierarchical-cache", "Degrades hierarchical_cache")]
    [InlineData("8.9", "--enable-watermark", "Degrades watermark_sampling")]
    [InlineData("8.9", "--rl-on-policy-target fsdp", "Note on_policy_target")]
    [InlineData("8.9", "--quantization fp8", "Degrades quantised_gemm")]
    [InlineData("9.0", "--disable-radix-cache")]
    [InlineData("9.0", "", "Degrades prefix_cache: On fa3 SGLang's answers vary with the prefix")]
    [InlineData("8.9 0.5.23", "--chunked-prefill-size 2048")]
    [InlineData("10.0 0.5.23", "--chunked-prefill-size 2048", "Refused chunked_prefill")]
    [InlineData("8.9 0.5.23", "--tp-size 4")]
    [InlineData("8.9 0.5.22", "--tp-size 4", "Degrades tensor_parallel")]
    [InlineData(
        "7.0",
        "",
        "Degrades gpu_unsupported: SGLang supports compute capability 7.5 and newer, and a GPU of this machine has "
            + "7.0. Use a newer GPU."
    )]
    public void Arguments_that_hang_are_refused_and_those_that_break_determinism_are_reported(
        string gpu,
        string arguments,
        params string[] found
    ) => Found.Is(Check(Machines.Of(gpu), arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)), found);

    [Theory]
    [InlineData(
        "flashinfer",
        "Refused attention_backend: --attention-backend flashinfer has no deterministic mode for "
            + "DeepseekV3ForCausalLM. Use fa3 or triton"
    )]
    [InlineData(
        "fa4",
        "Refused attention_backend: --attention-backend fa4 has no deterministic mode for DeepseekV3ForCausalLM on "
            + "compute capability 9.0. Use fa3 or triton"
    )]
    [InlineData("fa4 10.0")]
    [InlineData("fa4 10.3")]
    [InlineData("fa4 11.0")]
    [InlineData("fa4 12.0", "Refused attention_backend")]
    [InlineData("fa4 none", "Note gpu_unknown")]
    [InlineData("ascend")]
    [InlineData("triton")]
    [InlineData("fa3", "Degrades prefix_cache")]
    public void Some_families_are_refused_on_other_attention_backends(string attention, params string[] found) =>
        Found.Is(
            Check(
                Machines.With(
                    new ModelFacts { Architectures = [DeepSeek] },
                    attention.Split(' ') is [_, var gpu] ? gpu : "9.0"
                ),
                "--attention-backend",
                attention.Split(' ')[0]
            ),
            found
        );

    [Fact]
    public void On_Intels_GPUs_such_a_family_is_launched_on_triton() =>
        Found.Is(Check(Machines.Of("xpu 0.5.23") with { Model = new ModelFacts { Architectures = [DeepSeek] } }));

    /// <summary>The sizes at which prompts are cut follow their variables.</summary>
    [Theory]
    [InlineData("10.0 0.5.23", "FLASHINFER_PREFILL_SPLIT_TILE_SIZE=1024", "2048", "4096")]
    [InlineData(
        "10.0 0.5.23",
        "FLASHINFER_PREFILL_SPLIT_TILE_SIZE=1024",
        "512",
        "4096",
        "Refused chunked_prefill: --chunked-prefill-size 512 ends the start of SGLang on flashinfer, where it is below "
            + "1024 (SGLANG_FLASHINFER_PREFILL_SPLIT_TILE_SIZE). Give 1024 or more, or leave it out."
    )]
    [InlineData("10.0 0.5.23", "FLASHINFER_PREFILL_SPLIT_TILE_SIZE=8192", "4096", "8192", "Refused chunked_prefill")]
    [InlineData("10.0 0.5.23", "FLASHINFER_PREFILL_SPLIT_TILE_SIZE=8192", "", "8192")]
    [InlineData("10.0 0.5.23", "FLASHINFER_PREFILL_SPLIT_TILE_SIZE=many", "2048", "4096", "Refused chunked_prefill")]
    [InlineData("10.0 0.5.23", "TRITON_PREFILL_TRUNCATION_ALIGN_SIZE=8192", "4096", "8192")]
    [InlineData("8.9 0.5.23", "TRITON_PREFILL_TRUNCATION_ALIGN_SIZE=8192", "512", "8192")]
    [InlineData("8.9 0.5.22", "TRITON_PREFILL_TRUNCATION_ALIGN_SIZE=1024", "2048", "4096")]
    [InlineData(
        "8.9 0.5.22",
        "TRITON_PREFILL_TRUNCATION_ALIGN_SIZE=8192",
        "4096",
        "8192",
        "Refused chunked_prefill: --chunked-prefill-size 4096 makes longer prompts hang forever in the deterministic "
            + "mode of builds before 0.5.23, which cut them at multiples of 8192 "
            + "(SGLANG_TRITON_PREFILL_TRUNCATION_ALIGN_SIZE). Give 8192 or more, or leave it out."
    )]
    public void A_chunk_is_held_against_what_prompts_are_cut_at(
        string machine,
        string variable,
        string chunk,
        string launched,
        params string[] found
    )
    {
        string[] pair = variable.Split('=');
        MachineFacts facts = Machines.Of(machine) with
        {
            Variables = new Dictionary<string, string> { ["SGLANG_" + pair[0]] = pair[1] },
        };
        Found.Is(Check(facts, chunk.Length > 0 ? ["--chunked-prefill-size", chunk] : []), found);
        List<string> arguments = [.. Sglang.Launcher.Launch(Options, facts).Arguments];
        Assert.Equal(launched, arguments[arguments.IndexOf("--chunked-prefill-size") + 1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2, "Degrades moe_tensor_parallel: Mixture-of-experts models were seen to vary at --tp-size 2, GPT-OSS")]
    [InlineData(3, "Degrades moe_tensor_parallel")]
    [InlineData(4, "Degrades moe_tensor_parallel: Mixture-of-experts models were seen to vary at --tp-size 4, GPT-OSS")]
    public void Experts_over_several_GPUs_are_reported(int gpus, params string[] found) =>
        Found.Is(Check(Machines.With(new ModelFacts { IsMixtureOfExperts = true }, "8.9"), "--tp", $"{gpus}"), found);

    [Theory]
    [InlineData("null", "Degrades arguments_unknown: This server did not launch the engine")]
    [InlineData("[]", "Degrades arguments_unknown")]
    [InlineData("""{"version":"0.5.2"}""", "Degrades arguments_unknown")]
    [InlineData(
        """{"enable_deterministic_inference":false,"tp_size":8}""",
        "Degrades mode_off: SGLang was started without --enable-deterministic-inference."
    )]
    [InlineData("""{"enable_deterministic_inference":true}""")]
    [InlineData(
        """{"enable_deterministic_inference":"""
            + """true,"attention_backend":"fa3","sampling_backend":"pytorch","chunked_prefill_size":"""
            + """2048,"kv_cache_dtype":"auto","tp_size":2,"dp_size":1,"enable_dp_attention":"""
            + """false,"speculative_algorithm":null,"disable_radix_cache":true}"""
    )]
    [InlineData(
        """{"enable_deterministic_inference":true,"attention_backend":"fa3","attn_dp_size":2,"quantization":"fp8" """
            + ""","enable_tf32_matmul":true,"enable_hierarchical_cache":true,"enable_watermark":true,"dcp_size":2}""",
        "Degrades data_parallel",
        "Degrades quantised_gemm",
        "Degrades context_parallel",
        "Degrades matmul_precision",
        "Degrades hierarchical_cache",
        "Degrades watermark_sampling",
        "Degrades prefix_cache"
    )]
    [InlineData(
        """{"enable_deterministic_inference":true,"attention_backend":"triton","chunked_prefill_size":2048"""
            + ""","version":"0.5.23"}"""
    )]
    // It runs, so that its chunk is not too small.
    [InlineData(
        """{"enable_deterministic_inference":true,"attention_backend":"flashinfer","chunked_prefill_size":2048"""
            + ""","version":"0.5.23"}"""
    )]
    [InlineData(
        """{"enable_deterministic_inference":true,"attention_backend":"triton","chunked_prefill_size":2048}""",
        "Degrades chunked_prefill"
    )]
    [InlineData(
        """{"enable_deterministic_inference":true,"attention_backend":"fa3","kv_cache_dtype":"fp8_e4m3","tp_size":"""
            + """4,"dp_size":4,"enable_dp_attention":true,"speculative_algorithm":"EAGLE"}""",
        "Degrades kv_cache_type",
        "Degrades speculative_decoding",
        "Degrades data_parallel",
        "Degrades tensor_parallel",
        "Degrades prefix_cache"
    )]
    public void An_attached_SGLang_is_judged_by_what_it_reports(string report, params string[] found)
    {
        JsonElement? told = report == "null" ? null : JsonDocument.Parse(report).RootElement;
        Found.Is(
            Checks.Of(
                Sglang,
                new ServeOptions { BackendUrl = new Uri("http://127.0.0.1:9") },
                Machines.With("9.0"),
                told
            ),
            found
        );
    }

    [Fact]
    public void Without_determinism_nothing_is_refused_and_one_reason_says_it() =>
        Found.Is(
            Checks.Of(
                Sglang,
                Options with
                {
                    Determinism = DeterminismMode.Off,
                    BackendArguments =
                    [
                        "--chunked-prefill-size",
                        "512",
                        "--attention-backend",
                        "torch_native",
                        "--tp",
                        "8",
                    ],
                },
                Machines.With("8.0")
            ),
            "Degrades determinism_off: --determinism off: nothing is pinned."
        );

    public static TheoryData<string> Generations => [.. Machines.Generations];

    private static IReadOnlyList<Finding> Check(MachineFacts machine, params string[] arguments) =>
        Checks.Of(Sglang, Options with { BackendArguments = arguments }, machine);
}
