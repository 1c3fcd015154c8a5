using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>
/// SGLang's report of its arguments as facts: every member that is set, but for those that change no answer. What is
/// new in a build is a fact until it is known to change nothing. Read in the report of 0.5.23, which has 556 members.
/// </summary>
internal static class SglangReport
{
    /// <summary>Members that change no answer; a trailing <c>*</c> matches any ending.</summary>
    private static readonly string[] LeftOut =
    [
        // Names and addresses.
        "served_model_name",
        "host",
        "port",
        "nccl_port",
        "dist_init_addr",
        "gated_launch_port",
        "grpc_*",
        "smg_*",
        "http2_*",
        "enable_http2",
        "enable_http_worker_reuseport",
        "fastapi_root_path",
        "disaggregation_bootstrap_port",
        "disaggregation_ib_device",
        "mooncake_ib_device",
        "encoder_bootstrap_port",
        "engine_info_bootstrap_port",
        "remote_instance_weight_loader_*",
        "weight_cache_socket",
        "sidecar*",
        "frontend",
        "launch_command",
        // Keys and certificates.
        "ssl_*",
        "enable_ssl_refresh",
        // Files that are measured as what they are: the model and what is loaded beside it.
        "model_path",
        "tokenizer_path",
        "speculative_draft_model_path",
        "lora_paths",
        // Logs, metrics and traces.
        "log_*",
        "enable_metrics*",
        "enable_mfu_metrics",
        "enable_forward_pass_metrics",
        "forward_pass_metrics_*",
        "enable_request_time_stats_logging",
        "enable_trace",
        "enable_layerwise_nvtx_marker",
        "enable_profile_cuda_graph",
        "tokenizer_metrics_*",
        "bucket_*",
        "*_buckets",
        "extra_metric_labels",
        "export_metrics_*",
        "otlp_*",
        "trace_modules",
        "spec_trace_dir",
        "crash_dump_folder",
        "debug_tensor_dump_output_folder",
        "show_time_cost",
        "gc_*",
        "decode_log_interval",
        "kv_events*",
        "load_publish_endpoint",
        "load_snapshot_publish_interval",
        "stat_loggers",
        "uvicorn_*",
        "expert_distribution_recorder_*",
        "expert_balancedness_report_mode",
        // Time limits, and what is done when one has passed.
        "watchdog_timeout",
        "soft_watchdog_timeout",
        "dist_timeout",
        "weight_cache_timeout",
        "grpc_response_timeout_secs",
        "elastic_ep_scale_timeout",
        "sleep_on_idle",
        "custom_sigquit_handler",
        // Which of equal devices and processors.
        "base_gpu_id",
        "gpu_id_step",
        "node_rank",
        "numa_node",
        "use_ray",
        // Sizes of memory and queues, and what the engine made of them.
        "mem_fraction_static",
        "max_total_tokens",
        "max_total_num_tokens",
        "max_running_requests",
        "max_queued_requests",
        "max_req_input_len",
        "media_url_max_file_size_mb",
        "mm_preprocess_cache_size_mb",
        "mm_io_worker_num",
        "mm_processor_worker_num",
        "hicache_storage_prefetch_*",
        // How files are read and answers are handed on.
        "download_dir",
        "file_storage_path",
        "weight_loader_*",
        "delete_ckpt_after_loading",
        "disable_outlines_disk_cache",
        "tokenizer_worker_num",
        "detokenizer_worker_num",
        "batch_notify_size",
        "stream_interval",
        "skip_server_warmup",
        "warmups",
        "pre_warm_nccl",
        "enable_cache_report",
        // Drawn or counted anew at each start.
        "random_seed",
        "startup_time",
        "internal_states",
        "status",
        // A fact of its own.
        "version",
        "weight_version",
    ];

    /// <summary>Members that are files which are measured, or names of what is built in.</summary>
    private static readonly string[] MeasuredPaths = ["chat_template"];

    /// <summary>
    /// Adds the members. Files that they name are not hashed: SGLang has read them some time before it reports.
    /// </summary>
    public static void Describe(JsonElement report, FactSheet sheet)
    {
        foreach (JsonProperty member in report.EnumerateObject())
        {
            if (Text(member.Value) is not { } text || IsLeftOut(member.Name))
                continue;
            if (!NamedFiles.AreIn(member.Name, text))
            {
                sheet.Reported("argument." + Key(member.Name), text);
            }
            else if (!MeasuredPaths.Contains(member.Name))
            {
                sheet.AddMissing(
                    "argument_not_measured",
                    $"SGLang's argument {member.Name} names a file, a folder or an address, whose content is not "
                        + "measured. Leave it out."
                );
            }
        }
    }

    /// <summary>Whether a member changes no answer.</summary>
    public static bool IsLeftOut(string name) =>
        SecretArguments.IsSecretFlag("--" + name.Replace('_', '-'))
        || LeftOut.Any(other =>
            other[^1] == '*' ? name.StartsWith(other[..^1], StringComparison.Ordinal)
            : other[0] == '*' ? name.EndsWith(other[1..], StringComparison.Ordinal)
            : name == other
        );

    /// <summary>A value as text; null for null.</summary>
    private static string? Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object or JsonValueKind.Array => JsonBytes.WriteText(json => value.WriteTo(json)),
            _ => value.GetRawText(),
        };

    /// <summary>Names of facts allow fewer characters than those of members.</summary>
    private static string Key(string name) =>
        string.Concat(
            name.ToLowerInvariant()
                .Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.' ? c : '_')
        );
}
