using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Tests.Assessment;
using DeterministicInference.Server.Tests.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Facts;

/// <summary>
/// Equal engines have one environment id; any fact that affects answers gives another id and is named.
/// </summary>
public sealed class EngineFactsTests
{
    [Theory]
    [InlineData("sglang")]
    [InlineData("vllm")]
    [InlineData("llamacpp")]
    public async Task Equal_engines_have_one_id_wherever_they_are(string backend)
    {
        AssessedEngine one = new(backend),
            other = new(backend);
        Assert.NotEqual(one.Root, other.Root);
        other.Options = other.Options with
        {
            BackendPort = 31000,
            BackendHost = "127.0.0.2",
            ServedModelName = "another",
            StopTimeout = TimeSpan.FromSeconds(77),
            BackendArguments =
            [
                .. other.Options.BackendArguments,
                .. backend switch
                {
                    "vllm" => (string[])
                        ["--api-key", "sk-other", "--log-config-file", "/etc/log.json", "--disable-log-stats"],
                    "llamacpp" => ["--api-key", "sk-other", "--log-file", "/tmp/x", "-v"],
                    _ => [],
                },
            ],
        };
        (other.Report["host"], other.Report["port"], other.Report["api_key"], other.Report["served_model_name"]) = (
            "0.0.0.0",
            31000,
            "sk-other",
            "another"
        );
        (other.Report["random_seed"], other.Report["log_level"], other.Report["max_total_num_tokens"]) = (
            7,
            "debug",
            99
        );
        foreach (
            (string name, string value) in ((string, string)[])
                [
                    ("CUDA_VISIBLE_DEVICES", "1"),
                    ("CUDA_CACHE_PATH", "/c"),
                    ("TRITON_CACHE_DIR", "/t"),
                    ("VLLM_PORT", "5000"),
                    ("VLLM_API_KEY", "sk-3"),
                    ("SGLANG_ADMIN_TOKEN", "x"),
                    ("VLLM_HOST_IP", "10.0.0.1"),
                    ("NCCL_DEBUG", "INFO"),
                    ("UNRELATED", "2"),
                    ("LLAMA_ARG_PORT", "1"),
                    ("TORCH_HOME", "/h"),
                    ("HOME", "/home/other"),
                ]
        )
        {
            other.Set(name, value);
        }
        InferenceEnvironment a = await one.MeasureAsync(),
            b = await other.MeasureAsync();
        Assert.Empty(a.Differences(b));
        Assert.Empty(a.Reasons);
        Assert.Empty(b.Reasons);
        Assert.Equal(a.Id, b.Id);
        Assert.All(
            a.Facts.Concat(b.Facts),
            fact => Assert.DoesNotMatch("sk-|^30000$|^31000$|127\\.0|tiny|another|^77$|" + one.Root, fact.Value.Value)
        );
    }

    [Theory]
    [InlineData("sglang", "report attention_backend triton", "argument.attention_backend")]
    [InlineData("sglang", "report tp_size 2", "argument.tp_size")]
    [InlineData("sglang", "report sampling_defaults model", "argument.sampling_defaults")]
    [InlineData("sglang", "report version 0.5.7", "engine.version")]
    [InlineData("sglang", "variable NCCL_ALGO Ring", "variable.nccl_algo")]
    [InlineData("sglang", "variable SGLANG_NEW 1", "variable.sglang_new")]
    [InlineData("sglang", "package torch-2.9.1 torch-2.9.2", "package.torch packages.sha256")]
    [InlineData("sglang", "package nvidia_cublas_cu12-12.8.4 nvidia_cublas_cu12-12.9.1", "packages.sha256")]
    // Whatever is installed: which package computes changes from release to release.
    [InlineData("sglang", "package requests-2.32 requests-2.33", "packages.sha256")]
    [InlineData("sglang", "report enable_of_tomorrow 1", "argument.enable_of_tomorrow")]
    [InlineData("sglang", "variable SGLANG_LOGPROB_CHUNK_SIZE 2048", "variable.sglang_logprob_chunk_size")]
    [InlineData("vllm", "variable ONEDNN_MAX_CPU_ISA AVX2", "variable.onednn_max_cpu_isa")]
    [InlineData("vllm", "variable ATEN_CPU_CAPABILITY avx2", "variable.aten_cpu_capability")]
    [InlineData("vllm", "variable OMP_NUM_THREADS 2", "variable.omp_num_threads")]
    [InlineData("vllm", "variable KMP_AFFINITY compact", "variable.kmp_affinity")]
    [InlineData("vllm", "variable MKL_CBWR AVX2", "variable.mkl_cbwr")]
    [InlineData("vllm", "variable LD_PRELOAD libfast.so", "variable.ld_preload")]
    [InlineData("vllm", "variable TORCHINDUCTOR_MAX_AUTOTUNE 1", "variable.torchinductor_max_autotune")]
    [InlineData("vllm", "variable TORCHDYNAMO_DISABLE 1", "variable.torchdynamo_disable")]
    [InlineData("vllm", "variable TRITON_INTERPRET 1", "variable.triton_interpret")]
    [InlineData("vllm", "variable VLLM_CPU_KVCACHE_SPACE 8", "")]
    // A beginning that is left out ends with an underscore.
    [InlineData("vllm", "variable VLLM_LOGITS_PROCESSOR_THREADS 2", "variable.vllm_logits_processor_threads")]
    [InlineData("sglang", "variable VLLM_LOGITS_PROCESSOR_THREADS 2", "variable.vllm_logits_processor_threads")]
    [InlineData("vllm", "variable VLLM_LOGGING_LEVEL DEBUG", "")]
    [InlineData("vllm", "variable VLLM_LOG_STATS_INTERVAL 1", "")]
    [InlineData("vllm", "variable TORCH_LOGS dynamo", "")]
    [InlineData("vllm", "variable NCCL_DEBUG_SUBSYS ALL", "")]
    // Endings of places and addresses are left out, unless the variable is a switch.
    [InlineData("sglang", "variable SGLANG_ENABLE_NEW_CACHE 1", "variable.sglang_enable_new_cache")]
    [InlineData("vllm", "variable VLLM_USE_NEW_SERVER true", "variable.vllm_use_new_server")]
    [InlineData("vllm", "variable VLLM_NEW_CACHE /c", "")]
    // Libraries that compute.
    [InlineData("llamacpp", "variable BLIS_ARCH_TYPE 2", "variable.blis_arch_type")]
    [InlineData("llamacpp", "variable GOTO_NUM_THREADS 2", "variable.goto_num_threads")]
    [InlineData("llamacpp", "variable NVIDIA_TF32_OVERRIDE 0", "variable.nvidia_tf32_override")]
    [InlineData("llamacpp", "variable ROCM_NEW 1", "variable.rocm_new")]
    [InlineData("llamacpp", "variable MTMD_BACKEND_DEVICE none", "variable.mtmd_backend_device")]
    [InlineData("sglang", "variable NUMBA_CPU_NAME generic", "variable.numba_cpu_name")]
    [InlineData("sglang", "variable NPY_DISABLE_CPU_FEATURES AVX2", "variable.npy_disable_cpu_features")]
    [InlineData("sglang", "variable AITER_NEW 1", "variable.aiter_new")]
    [InlineData(
        "vllm",
        "variable FLASH_ATTENTION_TRITON_AMD_ENABLE TRUE",
        "variable.flash_attention_triton_amd_enable"
    )]
    [InlineData("vllm", "variable DG_JIT_NEW 1", "variable.dg_jit_new")]
    [InlineData("vllm", "variable TILELANG_NEW 1", "variable.tilelang_new")]
    [InlineData("vllm", "variable TVM_NEW 1", "variable.tvm_new")]
    [InlineData("vllm", "variable CUTLASS_NEW 1", "variable.cutlass_new")]
    [InlineData("vllm", "variable NVTE_ALLOW_NONDETERMINISTIC_ALGO 1", "variable.nvte_allow_nondeterministic_algo")]
    [InlineData("vllm", "variable PYTHONHASHSEED 3", "variable.pythonhashseed")]
    // Variables of llama-server are what their arguments are.
    [InlineData("llamacpp", "variable LLAMA_ARG_NO_HOST 1", "argument.no_host")]
    [InlineData("llamacpp", "argument --no-host", "argument.no_host")]
    [InlineData("llamacpp", "variable LLAMA_ARG_NO_HOST 0", "")]
    [InlineData("llamacpp", "variable LLAMA_ARG_ROPE_SCALING_TYPE yarn", "argument.rope_scaling")]
    [InlineData("llamacpp", "variable LLAMA_ARG_SWA_FULL 1", "argument.swa_full")]
    [InlineData("llamacpp", "variable LLAMA_ARG_OF_TOMORROW 3", "argument.of_tomorrow")]
    [InlineData("llamacpp", "variable LLAMA_ARG_LOG_FILE x", "")]
    // The launch says it itself.
    [InlineData("llamacpp", "variable LLAMA_ARG_THREADS 3", "")]
    [InlineData("llamacpp", "variable LLAMA_CHAT_TEMPLATE_KWARGS {}", "variable.llama_chat_template_kwargs")]
    [InlineData("llamacpp", "variable OMP_NUM_THREADS 2", "variable.omp_num_threads")]
    [InlineData("sglang", "file models/tiny/model.safetensors Weights", "model.sha256")]
    [InlineData("sglang", "file adapters/lora/adapter.safetensors Adapter", "adapter.0.sha256")]
    [InlineData("sglang", "driver 580.2 13.0", "gpu.driver")]
    [InlineData("sglang", "driver 580.1 13.1", "gpu.cuda")]
    [InlineData("sglang", "gpus A H100", "gpu.0.name")]
    [InlineData("sglang", "variable CUDA_VISIBLE_DEVICES 0,1", "gpu.1.capability gpu.1.name")]
    [InlineData("vllm", "argument --max-model-len 8192", "argument.max_model_len")]
    [InlineData("vllm", "argument --dtype=bfloat16", "argument.dtype")]
    [InlineData("vllm", "argument -tp 2", "argument.tensor_parallel_size")]
    [InlineData("vllm", "argument --enforce-eager", "argument.enforce_eager")]
    [InlineData("vllm", "report version 0.13.0", "engine.version")]
    [InlineData("vllm", "variable VLLM_USE_FLASHINFER_SAMPLER 1", "variable.vllm_use_flashinfer_sampler")]
    [InlineData("vllm", "package vllm-0.32.0 vllm-0.33.0", "package.vllm packages.sha256")]
    [InlineData("vllm", "file models/tiny/config.json []", "model.sha256")]
    [InlineData("vllm", "determinism off", "variable.vllm_batch_invariant variable.vllm_use_flashinfer_sampler")]
    [InlineData("llamacpp", "argument -ub 256", "argument.ubatch_size")]
    [InlineData("llamacpp", "argument -ctk q8_0", "argument.cache_type_k")]
    [InlineData("llamacpp", "argument --flash-attn off", "argument.flash_attn")]
    [InlineData("llamacpp", "processors 8", "argument.threads argument.threads_batch")]
    [InlineData("llamacpp", "report build_info b7001", "engine.version")]
    [InlineData("llamacpp", "report chat_template {{x}}", "chat_template.sha256")]
    [InlineData("llamacpp", "gguf models/tiny.gguf other", "model.sha256")]
    [InlineData("llamacpp", "driver 580.2 13.0", "gpu.driver")]
    [InlineData("llamacpp", "variable GGML_CUDA_FORCE_MMQ 1", "variable.ggml_cuda_force_mmq")]
    public async Task One_change_is_another_environment_and_is_named(string backend, string change, string differences)
    {
        AssessedEngine one = new(backend),
            other = new(backend);
        Change(other, change.Split(' ', 3));
        InferenceEnvironment a = await one.MeasureAsync(),
            b = await other.MeasureAsync();
        Assert.Equal(differences.Split(' ', StringSplitOptions.RemoveEmptyEntries), a.Differences(b));
        Assert.Equal(differences.Length == 0, a.Id == b.Id);
    }

    [Fact]
    public async Task On_the_processor_its_instruction_sets_count_and_no_GPU()
    {
        AssessedEngine one = new("llamacpp"),
            other = new("llamacpp");
        one.Machine = one.Machine with { Gpu = new GpuEnvironment() };
        other.Machine = one.Machine with { CpuFlags = ["avx2", "avx512f", "fma"] };
        InferenceEnvironment a = await one.MeasureAsync(),
            b = await other.MeasureAsync();
        Assert.Equal(["cpu.flags.sha256"], a.Differences(b));
        Assert.Empty(a.Reasons);
        Assert.DoesNotContain(a.Facts.Keys, key => key.StartsWith("gpu", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sglang", "no packages", "packages_unknown")]
    [InlineData("sglang", "no gpu", "gpu_not_measured")]
    [InlineData("sglang", "variable SGLANG_MOE_CONFIG_DIR /nowhere", "variable_not_measured")]
    [InlineData("sglang", "report quantization_param_path /nowhere", "argument_not_measured")]
    [InlineData("sglang", "editable torch-2.9.1", "packages_editable")]
    [InlineData("sglang", "gpus A B", "")]
    [InlineData("sglang", "variable CUDA_VISIBLE_DEVICES MIG-1", "gpu_not_measured")]
    [InlineData("sglang", "variable CUDA_VISIBLE_DEVICES GPU-1", "")]
    [InlineData("sglang", "argument --lora-paths org/none", "part_not_measured")]
    [InlineData("sglang", "model org/none", "model_not_measured")]
    [InlineData("sglang", "silent", "engine_not_described")]
    [InlineData("vllm", "silent", "engine_not_described")]
    [InlineData("vllm", "argument --hf-config-path /models/config", "argument_not_measured")]
    [InlineData(
        "vllm",
        "argument --speculative-config {\"model\":\"org/none\"}",
        "speculative_decoding part_not_measured",
        "speculative_decoding"
    )]
    [InlineData("vllm", "argument --hf-config-path config", "argument_not_measured")]
    [InlineData("vllm", "variable VLLM_TUNED_CONFIG_FOLDER config", "variable_not_measured")]
    [InlineData("sglang", "variable SGLANG_MOE_CONFIG_DIR config", "variable_not_measured")]
    [InlineData("sglang", "report quantization_param_path scales.json", "argument_not_measured")]
    [InlineData("sglang", "report quantization_param_path scales", "argument_not_measured")]
    [InlineData("llamacpp", "argument --grammar-file gone", "argument_not_measured")]
    [InlineData("llamacpp", "argument --control-vector-scaled gone:0.5", "argument_not_measured")]
    [InlineData("llamacpp", "variable LLAMA_ARG_MMPROJ_URL http://127.0.0.1:1/x", "argument_not_measured")]
    [InlineData("llamacpp", "variable LLAMA_ARG_VIDEO_FFMPEG_DIR bin", "argument_not_measured")]
    [InlineData("llamacpp", "silent", "engine_not_described")]
    [InlineData("llamacpp", "argument -md /nowhere", "speculative_decoding part_not_measured", "speculative_decoding")]
    public async Task What_is_not_known_is_a_reason(
        string backend,
        string change,
        string reasons,
        string withoutReceipts = ""
    )
    {
        var engine = new AssessedEngine(backend);
        Change(engine, change.Split(' ', 3));
        Assert.Equal(reasons.Split(' ', StringSplitOptions.RemoveEmptyEntries), (await engine.MeasureAsync()).Reasons);
        engine.Options = engine.Options with { Receipts = ReceiptMode.Off };
        Assert.Equal(
            withoutReceipts.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            (await engine.MeasureAsync()).Reasons
        );
    }

    [Fact]
    public async Task A_variable_that_names_files_is_their_content()
    {
        AssessedEngine one = new("llamacpp"),
            other = new("llamacpp");
        foreach (AssessedEngine engine in (AssessedEngine[])[one, other])
        {
            engine.Write("fast.so", "library");
            engine.Write("table.json", "{}");
            engine.Set("LD_PRELOAD", $"{Path.Combine(engine.Root, "fast.so")}:libknown.so");
            engine.Set("GGML_TABLE", Path.Combine(engine.Root, "table.json"));
        }
        InferenceEnvironment before = await one.MeasureAsync();
        // Elsewhere, the same content.
        Assert.Equal(before.Id, (await other.MeasureAsync()).Id);
        other.Write("fast.so", "Library");
        Assert.Equal(["variable.ld_preload"], before.Differences(await other.MeasureAsync()));
        other.Write("table.json", "[]");
        Assert.Equal(["variable.ggml_table", "variable.ld_preload"], before.Differences(await other.MeasureAsync()));
    }

    [Theory]
    [InlineData("llamacpp", "argument --grammar-file *", "argument.grammar_file")]
    [InlineData("llamacpp", "argument --control-vector-scaled *:0.5", "argument.control_vector_scaled")]
    [InlineData("llamacpp", "argument -jf *", "argument.json_schema_file")]
    [InlineData("llamacpp", "variable LLAMA_ARG_GRAMMAR_FILE *", "argument.grammar_file")]
    [InlineData("vllm", "argument --hf-config-path *", "argument.hf_config_path")]
    [InlineData("vllm", "argument --hf-overrides {\"a\":\"*\"}", "argument.hf_overrides")]
    [InlineData("vllm", "variable VLLM_TUNED_CONFIG_FOLDER *", "variable.vllm_tuned_config_folder")]
    [InlineData("sglang", "variable SGLANG_MOE_CONFIG_DIR *", "variable.sglang_moe_config_dir")]
    public async Task A_relative_name_is_the_content_of_its_file(string backend, string change, string fact)
    {
        string name = RelativeFile.Write("fact", "one");
        var engine = new AssessedEngine(backend);
        Change(engine, change.Replace("*", name, StringComparison.Ordinal).Split(' ', 3));
        InferenceEnvironment one = await engine.MeasureAsync();
        Assert.Empty(one.Reasons);
        Assert.StartsWith("sha256:", one.Facts[fact].Value, StringComparison.Ordinal);
        await File.WriteAllTextAsync(name, "two", Xunit.TestContext.Current.CancellationToken);
        Assert.Equal([fact], one.Differences(await engine.MeasureAsync()));
    }

    [Fact]
    public async Task A_folder_with_vLLMs_sources_is_no_generation_config()
    {
        string folder = Path.Combine(Environment.CurrentDirectory, "vllm");
        bool isOurs = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        try
        {
            InferenceEnvironment environment = await new AssessedEngine("vllm").MeasureAsync();
            Assert.Empty(environment.Reasons);
            Assert.Equal("vllm", environment.Facts["argument.generation_config"].Value);
        }
        finally
        {
            if (isOurs)
                Directory.Delete(folder);
        }
    }

    [Fact]
    public async Task A_split_model_is_all_its_files()
    {
        AssessedEngine one = new("llamacpp"),
            other = new("llamacpp");
        foreach (AssessedEngine engine in (AssessedEngine[])[one, other])
        {
            for (int part = 1; part <= 3; part++)
                engine.Write($"split/a-0000{part}-of-00003.gguf", GgufBytes.Text($"part {part}"));
            engine.Options = engine.Options with { ModelPath = Path.Combine(engine.Root, "split") };
        }
        InferenceEnvironment whole = await one.MeasureAsync();
        Assert.Empty(whole.Reasons);
        Assert.Equal(whole.Id, (await other.MeasureAsync()).Id);
        other.Write("split/a-00003-of-00003.gguf", GgufBytes.Text("PART 3"));
        Assert.Equal(["model.3.sha256"], whole.Differences(await other.MeasureAsync()));
        File.Delete(Path.Combine(other.Root, "split/a-00002-of-00003.gguf"));
        Assert.Contains(
            "'" + Path.Combine(other.Root, "split/a-00002-of-00003.gguf") + "', a part of the model, does not exist.",
            (await other.DiagnoseAsync()).Assessment.Refusal!.Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task On_the_processor_engines_on_PyTorch_have_facts_of_it()
    {
        AssessedEngine one = new("vllm"),
            other = new("vllm");
        one.Machine = one.Machine with { Compute = ComputeKind.Cpu };
        other.Machine = one.Machine with { CpuFlags = ["avx2", "avx512f", "fma"], Processors = 8 };
        InferenceEnvironment a = await one.MeasureAsync(),
            b = await other.MeasureAsync();
        Assert.Equal(["cpu.flags.sha256", "cpu.threads"], a.Differences(b));
        Assert.Equal(["cpu_build"], a.Reasons);
        Assert.DoesNotContain(a.Facts.Keys, key => key.StartsWith("gpu", StringComparison.Ordinal));
    }

    /// <summary>The advice can be followed: of a build for NVIDIA's GPUs the engine's own program is known.</summary>
    [Theory]
    [InlineData("Cuda", "The engine is to compute on NVIDIA's GPUs, and this machine shows none. Install the NVIDIA ")]
    [InlineData(
        "Unknown",
        "What the engine computes on is unknown: this machine shows no GPU, and a build of PyTorch "
    )]
    public void A_machine_that_shows_no_GPU_has_the_advice_for_the_build(string kind, string begin)
    {
        var sheet = new FactSheet(isNeeded: true);
        GpuFacts.Describe(Enum.Parse<ComputeKind>(kind), new MachineFacts(), new Dictionary<string, string>(), sheet);
        Finding finding = Assert.Single(sheet.Findings);
        Assert.Equal("gpu_not_measured", finding.Code);
        Assert.StartsWith(begin, finding.Text, StringComparison.Ordinal);
        Assert.Equal(kind == "Unknown", finding.Text.Contains("--backend-command", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GPUs_of_several_kinds_need_an_order()
    {
        var engine = new AssessedEngine("sglang");
        engine.Machine = engine.Machine with
        {
            Gpu = engine.Machine.Gpu with
            {
                Gpus = [.. engine.Machine.Gpu.Gpus.Select(gpu => gpu with { Name = gpu.Index == 0 ? "A" : "B" })],
            },
        };
        engine.Set("CUDA_VISIBLE_DEVICES", "1,0");
        Assert.Equal(["gpu_not_measured"], (await engine.MeasureAsync()).Reasons);
        engine.Set("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
        InferenceEnvironment environment = await engine.MeasureAsync();
        Assert.Equal(("B", "A"), (environment.Facts["gpu.0.name"].Value, environment.Facts["gpu.1.name"].Value));
        engine.Set("CUDA_VISIBLE_DEVICES", "1,-1,0");
        Assert.DoesNotContain("gpu.1.name", (await engine.MeasureAsync()).Facts.Keys);
    }

    [Theory]
    [InlineData("sglang", "engine.version=0.5.6 argument.attention_backend=fa3")]
    [InlineData("vllm", "engine.version=0.5.6", "arguments_unknown")]
    [InlineData("llamacpp", "engine.version=b7000-abcdef argument.parallel=1", "arguments_unknown")]
    [InlineData("tgi", "engine.version=0.5.6", "no_batch_invariance")]
    [InlineData("external", "engine.version=0.5.6 engine.owner=acme", "engine_unknown")]
    public async Task Of_an_attached_engine_only_what_it_says_is_known_and_its_model_is_declared(
        string backend,
        string reported,
        params string[] own
    )
    {
        var engine = new AssessedEngine(backend);
        engine.Options = engine.Options with
        {
            BackendUrl = new Uri("http://127.0.0.1:9"),
            BackendCommand = null,
            BackendArguments = [],
        };
        InferenceEnvironment environment = await engine.MeasureAsync();
        Assert.Equal([.. own, "machine_unknown", "model_declared", "declared_fact:model.sha256"], environment.Reasons);
        Assert.Equal(FactSource.Declared, environment.Facts["model.sha256"].Source);
        foreach (string[] fact in reported.Split(' ').Select(fact => fact.Split('=')))
        {
            Assert.Equal(new EnvironmentFact(fact[1], FactSource.EngineReported), environment.Facts[fact[0]]);
        }
        Assert.DoesNotContain(
            environment.Facts.Keys,
            key =>
                key.StartsWith("gpu.", StringComparison.Ordinal)
                || key.StartsWith("variable.", StringComparison.Ordinal)
        );

        engine.Options = engine.Options with { ModelPath = null };
        Assert.Equal([.. own, "machine_unknown", "model_not_measured"], (await engine.MeasureAsync()).Reasons);
    }

    [Fact]
    public async Task A_model_of_the_hub_is_its_commit_in_the_cache()
    {
        var engine = new AssessedEngine("vllm");
        engine.Set("HF_HUB_CACHE", engine.Root);
        HuggingFaceCacheTests.Write(engine.Root, "org/hub-model");
        HuggingFaceCacheTests.Write(engine.Root, "org/hub-model", "old", new string('b', 40));
        engine.Options = engine.Options with { ModelPath = "org/hub-model" };
        InferenceEnvironment main = await engine.MeasureAsync();
        Assert.Equal(new EnvironmentFact(new string('a', 40), FactSource.Measured), main.Facts["model.revision"]);
        Change(engine, ["argument", "--revision", "old"]);
        // The same files under another commit.
        Assert.Equal(["model.revision"], main.Differences(await engine.MeasureAsync()));
    }

    private static void Change(AssessedEngine engine, string[] change)
    {
        ServeOptions options = engine.Options;
        string folder = Path.Combine(engine.Root, "venv/lib/python3.12/site-packages");
        switch (change)
        {
            case ["report", var name, var value]:
                engine.Report[name] = int.TryParse(value, out int number) ? number : value;
                break;
            case ["variable", var name, var value]:
                engine.Set(name, value);
                break;
            case ["package", var old, var now]:
                Directory.Move(Path.Combine(folder, old + ".dist-info"), Path.Combine(folder, now + ".dist-info"));
                break;
            case ["file", var name, var text]:
                engine.Write(name, text);
                break;
            case ["gguf", var name, var text]:
                engine.Write(name, GgufBytes.Text(text));
                break;
            case ["driver", var driver, var cuda]:
                engine.Machine = engine.Machine with
                {
                    Gpu = engine.Machine.Gpu with { DriverVersion = driver, CudaVersion = cuda },
                };
                break;
            case ["gpus", "A", "H100"]:
                engine.Machine = engine.Machine with
                {
                    Gpu = engine.Machine.Gpu with
                    {
                        Gpus = [.. engine.Machine.Gpu.Gpus.Select(gpu => gpu with { Name = "A" })],
                    },
                };
                break;
            case ["gpus", var first, var second]:
                engine.Machine = engine.Machine with
                {
                    Gpu = engine.Machine.Gpu with
                    {
                        Gpus =
                        [
                            .. engine.Machine.Gpu.Gpus.Select(gpu =>
                                gpu with
                                {
                                    Name = gpu.Index == 0 ? first : second,
                                }
                            ),
                        ],
                    },
                };
                engine.Set("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
                break;
            case ["argument", .. var words]:
                engine.Options = options with { BackendArguments = [.. options.BackendArguments, .. words] };
                break;
            case ["determinism", var value]:
                engine.Options = options with { Determinism = Enum.Parse<DeterminismMode>(value, ignoreCase: true) };
                break;
            case ["processors", var value]:
                engine.Machine = engine.Machine with { Processors = int.Parse(value, null) };
                break;
            case ["model", var value]:
                engine.Options = options with { ModelPath = value };
                break;
            case ["no", "packages"]:
                Directory.Delete(folder, recursive: true);
                break;
            case ["editable", var package]:
                File.WriteAllText(
                    Path.Combine(folder, package + ".dist-info", "direct_url.json"),
                    """{"url":"file:///src","dir_info":{"editable":true}}"""
                );
                break;
            case ["no", "gpu"]:
                engine.Machine = engine.Machine with { Gpu = new GpuEnvironment() };
                break;
            case ["silent"]:
                engine.Report.Clear();
                break;
            default:
                throw new ArgumentException(string.Join(' ', change));
        }
    }
}
