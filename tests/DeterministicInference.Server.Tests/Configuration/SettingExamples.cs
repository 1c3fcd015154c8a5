using System.Text.Json;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Three different values of every setting, none of them the default, each as it is shown.</summary>
internal static class SettingExamples
{
    private static readonly Dictionary<string, string[]> Values = new()
    {
        [nameof(InferenceOptions.ModelPath)] = ["/models/a", "org/b", "c d"],
        [nameof(InferenceOptions.ServedModelName)] = ["one", "two", "org/three"],
        [nameof(InferenceOptions.StrictModel)] = ["true", "false", "true"],
        [nameof(InferenceOptions.StableEnvelope)] = ["true", "false", "true"],
        [nameof(InferenceOptions.Backend)] = ["embedded", "external", "sglang"],
        [nameof(InferenceOptions.BackendHost)] = ["127.0.0.2", "::1", "engine.local"],
        [nameof(InferenceOptions.BackendPort)] = ["1", "30001", "65535"],
        [nameof(InferenceOptions.BackendUrl)] = ["http://127.0.0.1:1", "https://engine:8443", "http://[::1]:9000"],
        [nameof(InferenceOptions.BackendStartupTimeout)] = ["1s", "600s", "2500ms"],
        [nameof(InferenceOptions.BackendCommand)] = ["python3.12", "/venv/bin/python3", "a b"],
        [nameof(InferenceOptions.BackendApiKey)] = ["one", "two", "three"],
        [nameof(InferenceOptions.BackendApiKeyFile)] = ["/etc/engine-key", "key.txt", "/a b/key"],
        [nameof(InferenceOptions.BackendArguments)] = ["--tp-size 2", "--nnodes 3", "[\"--name\",\"a b\"]"],
        [nameof(InferenceOptions.ProxyHost)] = ["0.0.0.0", "::1", "127.0.0.1"],
        [nameof(InferenceOptions.ProxyPort)] = ["0", "8081", "65535"],
        [nameof(InferenceOptions.MaxRequestBytes)] = ["1", "1000001", "1GiB"],
        [nameof(InferenceOptions.ApiKey)] = ["one", "two three", "[\"four\\\"five\"]"],
        [nameof(InferenceOptions.ApiKeyFile)] = ["/etc/keys", "keys.txt", "/a b/keys"],
        [nameof(InferenceOptions.CorsOrigins)] = ["*", "https://a.example", "https://a.example https://b.example"],
        [nameof(InferenceOptions.MaxConcurrency)] = ["1", "8", "1000"],
        [nameof(InferenceOptions.MaxQueue)] = ["0", "1", "1000"],
        [nameof(InferenceOptions.QueueTimeout)] = ["1s", "10s", "250ms"],
        [nameof(InferenceOptions.Determinism)] = ["off", "enforce", "off"],
        [nameof(InferenceOptions.Seed)] = ["-9223372036854775808", "0", "9223372036854775807"],
        [nameof(InferenceOptions.Receipts)] = ["reference", "off", "inline"],
        [nameof(InferenceOptions.DataDir)] = ["/var/lib/receipts", "receipts", "/a b/receipts"],
        [nameof(InferenceOptions.LogOrigin)] = ["log.example/a", "log.example", "x"],
        [nameof(InferenceOptions.OnReceiptFailure)] = ["refuse", "continue", "refuse"],
        [nameof(InferenceOptions.ReceiptRetention)] = ["2592000s", "off", "250ms"],
        [nameof(InferenceOptions.LogLevel)] = ["DEBUG", "ERROR", "CRITICAL"],
        [nameof(InferenceOptions.LogFile)] = ["/tmp/a.log", "b.log", "/tmp/c d.log"],
        [nameof(InferenceOptions.LogFileMaxBytes)] = ["1", "1MiB", "1GiB"],
        [nameof(InferenceOptions.LogFileCount)] = ["1", "2", "1000"],
        [nameof(InferenceOptions.LogToConsole)] = ["false", "true", "false"],
        [nameof(InferenceOptions.LogFormat)] = ["json", "text", "json"],
        [nameof(InferenceOptions.ConnectTimeout)] = ["1s", "10s", "250ms"],
        [nameof(InferenceOptions.FirstByteTimeout)] = ["1s", "off", "250ms"],
        [nameof(InferenceOptions.IdleTimeout)] = ["1s", "off", "250ms"],
        [nameof(InferenceOptions.StreamHeaderDelay)] = ["0s", "1s", "250ms"],
        [nameof(InferenceOptions.KeepAliveInterval)] = ["1s", "off", "250ms"],
        [nameof(InferenceOptions.HangAfter)] = ["1s", "600s", "250ms"],
        [nameof(InferenceOptions.HangAction)] = ["restart", "report", "restart"],
        [nameof(InferenceOptions.MaxRestarts)] = ["0", "1", "1000"],
        [nameof(InferenceOptions.RestartWindow)] = ["1s", "60s", "250ms"],
        [nameof(InferenceOptions.RestartDelay)] = ["0s", "2s", "250ms"],
        [nameof(InferenceOptions.RestartDelayMax)] = ["0s", "60s", "250ms"],
        [nameof(InferenceOptions.OnFailed)] = ["stay", "exit", "stay"],
        [nameof(InferenceOptions.PreStopDelay)] = ["1s", "2s", "250ms"],
        [nameof(InferenceOptions.DrainTimeout)] = ["0s", "1s", "1500ms"],
        [nameof(InferenceOptions.StopTimeout)] = ["0s", "1s", "1500ms"],
        [nameof(InferenceOptions.StopOnStdinEof)] = ["on", "off", "on"],
    };

    /// <summary>The values that the file, the variable and the flag give in these tests.</summary>
    public static string[] Of(Setting setting) => Values[setting.Key];

    /// <summary>The words that give a value on the command line.</summary>
    public static string[] Arguments(Setting setting, string value) => setting.Flag != "--"
        ? [setting.Flag, value]
        : ["--", .. value.StartsWith('[') ? JsonSerializer.Deserialize<string[]>(value)! : value.Split(' ')];
}
