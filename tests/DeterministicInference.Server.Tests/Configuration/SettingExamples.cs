using System.Text.Json;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Three different values of every setting, none of them the default, each as it is shown.</summary>
internal static class SettingExamples
{
    private static readonly Dictionary<string, string[]> Values = new()
    {
        [nameof(ServeOptions.ModelPath)] = ["/models/a", "org/b", "c d"],
        [nameof(ServeOptions.ServedModelName)] = ["one", "two", "org/three"],
        [nameof(ServeOptions.StrictModel)] = ["true", "false", "true"],
        [nameof(ServeOptions.StableEnvelope)] = ["true", "false", "true"],
        [nameof(ServeOptions.PublicLog)] = ["true", "false", "true"],
        [nameof(ServeOptions.Backend)] = ["embedded", "external", "sglang"],
        [nameof(ServeOptions.BackendHost)] = ["127.0.0.2", "::1", "engine.local"],
        [nameof(ServeOptions.BackendPort)] = ["1", "30001", "65535"],
        [nameof(ServeOptions.BackendUrl)] = ["http://127.0.0.1:1", "https://engine:8443", "http://[::1]:9000"],
        [nameof(ServeOptions.BackendStartupTimeout)] = ["1s", "600s", "2500ms"],
        [nameof(ServeOptions.BackendCommand)] = ["python3.12", "/venv/bin/python3", "a b"],
        [nameof(ServeOptions.Instructions)] = ["scalar", "avx2", "vector128"],
        [nameof(ServeOptions.BackendApiKey)] = ["one", "two", "three"],
        [nameof(ServeOptions.BackendApiKeyFile)] = ["/etc/engine-key", "key.txt", "/a b/key"],
        [nameof(ServeOptions.BackendArguments)] = ["--tp-size 2", "--nnodes 3", "[\"--name\",\"a b\"]"],
        [nameof(ServeOptions.ProxyHost)] = ["0.0.0.0", "::1", "127.0.0.1"],
        [nameof(ServeOptions.ProxyPort)] = ["0", "8081", "65535"],
        [nameof(ServeOptions.MaxRequestBytes)] = ["1", "1000001", "1GiB"],
        [nameof(ServeOptions.ApiKey)] = ["one", "two three", "[\"four\\\"five\"]"],
        [nameof(ServeOptions.ApiKeyFile)] = ["/etc/keys", "keys.txt", "/a b/keys"],
        [nameof(ServeOptions.CorsOrigins)] = ["*", "https://a.example", "https://a.example https://b.example"],
        [nameof(ServeOptions.MaxConcurrency)] = ["1", "8", "1000"],
        [nameof(ServeOptions.MaxQueue)] = ["0", "1", "1000"],
        [nameof(ServeOptions.QueueTimeout)] = ["1s", "10s", "250ms"],
        [nameof(ServeOptions.Determinism)] = ["off", "enforce", "off"],
        [nameof(ServeOptions.Seed)] = ["-9223372036854775808", "random", "9223372036854775807"],
        [nameof(ServeOptions.Receipts)] = ["reference", "off", "inline"],
        [nameof(ServeOptions.DataDir)] = ["/var/lib/receipts", "receipts", "/a b/receipts"],
        [nameof(ServeOptions.LogOrigin)] = ["log.example/a", "log.example", "x"],
        [nameof(ServeOptions.SignerCommand)] = ["signer", "node signer.mjs key.pem", "[\"signer\",\"a b\"]"],
        [nameof(ServeOptions.ReceiptsVisible)] = ["all", "own", "all"],
        [nameof(ServeOptions.WitnessPolicy)] = ["/etc/policy", "policy.txt", "/a b/policy"],
        [nameof(ServeOptions.WitnessMode)] = ["wait", "background", "wait"],
        [nameof(ServeOptions.WitnessTimeout)] = ["1s", "60s", "250ms"],
        [nameof(ServeOptions.OnReceiptFailure)] = ["refuse", "continue", "refuse"],
        [nameof(ServeOptions.ReceiptRetention)] = ["2592000s", "off", "250ms"],
        [nameof(ServeOptions.LogLevel)] = ["DEBUG", "ERROR", "CRITICAL"],
        [nameof(ServeOptions.LogFile)] = ["/tmp/a.log", "b.log", "/tmp/c d.log"],
        [nameof(ServeOptions.LogFileMaxBytes)] = ["1", "1MiB", "1GiB"],
        [nameof(ServeOptions.LogFileCount)] = ["1", "2", "1000"],
        [nameof(ServeOptions.LogToConsole)] = ["false", "true", "false"],
        [nameof(ServeOptions.LogFormat)] = ["json", "text", "json"],
        [nameof(ServeOptions.ConnectTimeout)] = ["1s", "10s", "250ms"],
        [nameof(ServeOptions.FirstByteTimeout)] = ["1s", "off", "250ms"],
        [nameof(ServeOptions.IdleTimeout)] = ["1s", "off", "250ms"],
        [nameof(ServeOptions.StreamHeaderDelay)] = ["0s", "1s", "250ms"],
        [nameof(ServeOptions.KeepAliveInterval)] = ["1s", "off", "250ms"],
        [nameof(ServeOptions.JsonHeartbeat)] = ["1s", "off", "250ms"],
        [nameof(ServeOptions.SlowReaderTimeout)] = ["1s", "60s", "250ms"],
        [nameof(ServeOptions.RequestHeadersTimeout)] = ["1s", "60s", "250ms"],
        [nameof(ServeOptions.HangAfter)] = ["1s", "600s", "250ms"],
        [nameof(ServeOptions.HangAction)] = ["restart", "report", "restart"],
        [nameof(ServeOptions.MaxRestarts)] = ["0", "1", "1000"],
        [nameof(ServeOptions.RestartWindow)] = ["1s", "60s", "250ms"],
        [nameof(ServeOptions.RestartDelay)] = ["0s", "2s", "250ms"],
        [nameof(ServeOptions.RestartDelayMax)] = ["0s", "60s", "250ms"],
        [nameof(ServeOptions.OnFailed)] = ["stay", "exit", "stay"],
        [nameof(ServeOptions.PreStopDelay)] = ["1s", "2s", "250ms"],
        [nameof(ServeOptions.DrainTimeout)] = ["0s", "1s", "1500ms"],
        [nameof(ServeOptions.StopTimeout)] = ["0s", "1s", "1500ms"],
        [nameof(ServeOptions.StopOnStdinEof)] = ["on", "off", "on"],
    };

    /// <summary>The values that the file, the variable and the flag give in these tests.</summary>
    public static string[] Of(Setting setting) => Values[setting.Key];

    /// <summary>The words that give a value on the command line.</summary>
    public static string[] Arguments(Setting setting, string value) =>
        setting.Flag != "--"
            ? [setting.Flag, value]
            : ["--", .. value.StartsWith('[') ? JsonSerializer.Deserialize<string[]>(value)! : value.Split(' ')];
}
