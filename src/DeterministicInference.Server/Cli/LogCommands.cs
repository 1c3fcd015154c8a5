using System.CommandLine;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Transparency;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Cli;

/// <summary><c>receipts monitor</c> and <c>receipts mirror</c>: what others do with a log.</summary>
internal static class LogCommands
{
    private static readonly DurationValue Durations = new(allowsZero: false, longestHours: 24 * 31);

    private static readonly Argument<string> Url = new("URL")
    {
        Description = "Address of the log's server (http://127.0.0.1:8080), or of a mirror of the log.",
        Validators =
        {
            result =>
            {
                string text = result.Tokens[0].Value;
                if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
                    result.AddError($"URL: '{text}' is not an address such as http://127.0.0.1:8080/v1/log.");
            },
        },
    };
    private static readonly Argument<string> Folder = new("FOLDER")
    {
        Description = "Folder of what was seen, created if it is missing.",
    };
    private static readonly Option<string> Key = new("--key")
    {
        HelpName = "FILE",
        Required = true,
        Description = "File with the verifier key of the log that you trust (vkey of GET /v1/receipts/key).",
    };
    private static readonly RemoteServerOptions Server = new("--url", "");

    /// <summary>Follows a log until it contradicts itself.</summary>
    public static Command Monitor() =>
        Create(
            "monitor",
            "Follow a log: does it only grow?",
            "Follow a log: prove that it only grows, and end with the evidence (13) if it does not.",
            keepsEntries: false,
            fallback: TimeSpan.FromMinutes(1)
        );

    /// <summary>Copies a log.</summary>
    public static Command Mirror() =>
        Create(
            "mirror",
            "Copy a log to files",
            "Copy a log to files that any web server serves, and check each entry. The next time only what is new.",
            keepsEntries: true,
            fallback: null
        );

    private static CliCommand Create(
        string name,
        string summary,
        string description,
        bool keepsEntries,
        TimeSpan? fallback
    )
    {
        var interval = new Option<string?>("--interval")
        {
            HelpName = $"{Durations.Placeholder}|off",
            Description =
                "Time between two looks, or off to look once. Default: "
                + $"{(fallback is { } usual ? Durations.Write(usual) : "off")}.",
        };
        interval.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != "off" && Durations.Read(text, out _) is { } complaint)
                result.AddError($"--interval: '{text}' {complaint}");
        });
        var command = new CliCommand(
            name,
            summary,
            description,
            (
                $"receipts {name} http://127.0.0.1:8080 FOLDER --key key.json",
                "key.json is the answer of GET /v1/receipts/key, which you stored."
            )
        )
        {
            Url,
            Folder,
            Key,
            interval,
            Server.ApiKey,
            Server.Timeout,
        };
        command.SetAction(
            (parsed, cancellation) =>
                CommandErrors.ReportAsync(async () =>
                {
                    NoteKey key =
                        PublicKeyFile.Read(parsed.GetValue(Key)!).Log
                        ?? throw new InputException(
                            $"{parsed.GetValue(Key)}: has a key without the log's name. Give the verifier key: vkey of "
                                + "GET /v1/receipts/key."
                        );
                    using var source = new LogSource(
                        new Uri(parsed.GetValue(Url)!),
                        key,
                        parsed.GetValue(Server.ApiKey),
                        Server.TimeoutOf(parsed)
                    );
                    string folder = Path.GetFullPath(parsed.GetValue(Folder)!);
                    Directory.CreateDirectory(folder);
                    var mirror = new LogMirror(folder, source, key, keepsEntries);
                    return await new LogMonitor(folder, mirror, source, TimeProvider.System).RunAsync(
                        parsed.GetValue(interval) switch
                        {
                            null => fallback,
                            "off" => null,
                            var text => Durations.Read(text, out TimeSpan value) is null ? value : null,
                        },
                        cancellation
                    );
                })
        );
        return command;
    }
}
