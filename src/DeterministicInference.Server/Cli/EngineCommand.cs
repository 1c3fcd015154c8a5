using System.CommandLine;
using System.Net;
using System.Numerics;
using DeterministicInference.Server.EngineHost;

namespace DeterministicInference.Server.Cli;

/// <summary><c>engine</c>: one row per setting.</summary>
internal static class EngineCommand
{
    private static readonly EngineOptions Default = new();

    private static readonly Option<string?> ModelPath = new("--model-path") { Description = "Folder of a Hugging Face model of the Llama architecture. Default: the bundled demo model." };
    private static readonly Option<string> Host = new("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => Default.Host };
    private static readonly Option<int> Port = Number("--port", "Port to listen on; 0 takes a free one.", Default.Port, 0, 65535);
    private static readonly Option<string?> ServedModelName = new("--served-model-name") { Description = "Name in /v1/models. Default: the folder's name." };
    private static readonly Option<long> Seed = Number("--seed", "Seed of requests that have none.", Default.Seed, long.MinValue, long.MaxValue);
    private static readonly Option<int> Threads = Number("--threads", "Threads that compute. Never changes an answer.", Default.Threads, 1, 512);
    private static readonly Option<int> MaxSequences = Number("--max-sequences", "Choices computed side by side; more requests wait.", Default.MaxSequences, 1, 4096);
    private static readonly Option<int> PrefillChunk = Number("--prefill-chunk", "Prompt tokens computed per step. Never changes an answer.", Default.PrefillChunk, 1, 65536);
    private static readonly Option<int> CacheMebibytes = Number("--kv-cache-mib", "Memory for keys and values, in MiB.", Default.CacheMebibytes, 1, 1 << 24);
    private static readonly Option<long> MaxRequestBytes = Number("--max-request-bytes", "Largest request body.", Default.MaxRequestBytes, 1, long.MaxValue);
    private static readonly Option<string> LogLevelName = new("--log-level") { Description = "DEBUG, INFO, WARNING, ERROR or CRITICAL.", DefaultValueFactory = _ => "INFO" };

    public static Command Create()
    {
        Host.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var host }] && host != "localhost" && !IPAddress.TryParse(host, out _))
            {
                result.AddError($"--host: '{host}' is not an IP address. Use 127.0.0.1, ::1, 0.0.0.0 or localhost.");
            }
        });
        LogLevelName.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var level }] && level is not ("DEBUG" or "INFO" or "WARNING" or "ERROR" or "CRITICAL"))
            {
                result.AddError($"--log-level: '{level}' is not DEBUG, INFO, WARNING, ERROR or CRITICAL.");
            }
        });
        var command = new Command("engine", "Serve the embedded CPU engine over HTTP.")
        {
            ModelPath, Host, Port, ServedModelName, Seed, Threads, MaxSequences, PrefillChunk, CacheMebibytes, MaxRequestBytes, LogLevelName,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => EngineServer.RunAsync(Read(parsed), cancellation)));
        return command;
    }

    internal static Option<T> Number<T>(string name, string description, T fallback, T minimum, T maximum)
        where T : IBinaryInteger<T>
    {
        var option = new Option<T>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && (!T.TryParse(text, null, out T? value) || value < minimum || value > maximum))
            {
                result.AddError($"{name}: '{text}' is not a whole number from {minimum} to {maximum}.");
            }
        });
        return option;
    }

    private static EngineOptions Read(ParseResult parsed) => new()
    {
        ModelPath = parsed.GetValue(ModelPath),
        Host = parsed.GetValue(Host)!,
        Port = parsed.GetValue(Port),
        ServedModelName = parsed.GetValue(ServedModelName),
        Seed = parsed.GetValue(Seed),
        Threads = parsed.GetValue(Threads),
        MaxSequences = parsed.GetValue(MaxSequences),
        PrefillChunk = parsed.GetValue(PrefillChunk),
        CacheMebibytes = parsed.GetValue(CacheMebibytes),
        MaxRequestBytes = parsed.GetValue(MaxRequestBytes),
        LogLevel = parsed.GetValue(LogLevelName) switch
        {
            "DEBUG" => LogLevel.Debug,
            "WARNING" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            "CRITICAL" => LogLevel.Critical,
            _ => LogLevel.Information,
        },
    };
}
