using System.CommandLine;
using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Logging;
using DeterministicInference.Server.Verification;
using DeterministicInference.Server.Witness;

namespace DeterministicInference.Server.Cli;

/// <summary><c>witness</c>: cosigns the checkpoints of other operators' logs.</summary>
internal static class WitnessCommand
{
    private const string ListenFlag = "--listen",
        DefaultListen = "localhost:8090";

    private static readonly HostValue Hosts = new(allowsNames: false);
    private static readonly LogLevelValue LogLevels = new();

    private static readonly Option<string[]> Logs = new("--log")
    {
        HelpName = "VKEY|FILE",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
        Description =
            "The logs to witness: verifier keys (vkey of GET /v1/receipts/key), or files with one on each line.",
    };
    private static readonly Option<string?> DataDir = new("--data-dir")
    {
        HelpName = "FOLDER",
        Description = $"Folder of its keys and of what it has cosigned. Default: {StatePaths.Witness}.",
    };
    private static readonly Option<string?> Name = new("--name")
    {
        HelpName = "NAME",
        Description =
            "Name that a new witness signs under, such as witness.example/w1; fixed from then on. Default: "
            + $"{LogOrigin.DefaultName}, a slash and random digits.",
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && !LogOrigin.IsValid(text))
                    result.AddError($"--name: '{text}' is not visible ASCII without spaces and '+'.");
            },
        },
    };
    private static readonly Option<string> Listen = new(ListenFlag)
    {
        HelpName = "HOST:PORT",
        Description = "Address to listen on; port 0 picks a free one, which is logged.",
        DefaultValueFactory = _ => DefaultListen,
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && !TryListen(text, out _, out _))
                {
                    result.AddError(
                        $"{ListenFlag}: '{text}' is not HOST:PORT. Give an IP address or localhost and a port, such as "
                            + "127.0.0.1:8090 or [::]:8090."
                    );
                }
            },
        },
    };
    private static readonly Option<string?> Level = CommandSyntax.Text(
        "--log-level",
        LogLevels,
        $"{LogLevelNames.All}. Default: {LogLevelNames.Of(LogLevel.Information)}."
    );

    public static Command Create()
    {
        var command = new CliCommand(
            "witness",
            "Cosign the logs of other operators",
            "Witness other operators' logs: cosign each checkpoint that continues what was cosigned before (C2SP "
                + "tlog-witness).",
            ("witness --log vkeys.txt", "Cosign the logs whose verifier keys are in the file.")
        )
        {
            Logs,
            DataDir,
            Name,
            Listen,
            Level,
        };
        command.SetAction(
            (parsed, cancellation) =>
                CommandErrors.ReportAsync(() => WitnessServer.RunAsync(Read(parsed), cancellation), ListenFlag)
        );
        return command;
    }

    private static WitnessOptions Read(ParseResult parsed)
    {
        TryListen(parsed.GetValue(Listen)!, out string host, out int port);
        if (parsed.GetValue(DataDir) is null && !StatePaths.HasHome)
        {
            throw new InputException(
                "--data-dir: no folder for the witness's keys, as this user has no home. Pass --data-dir, or set "
                    + "XDG_STATE_HOME."
            );
        }
        return new WitnessOptions
        {
            Folder = parsed.GetValue(DataDir) ?? StatePaths.Witness,
            Name = parsed.GetValue(Name),
            Logs = [.. parsed.GetValue(Logs)!.SelectMany(KeysOf)],
            Host = host,
            Port = port,
            LogLevel =
                parsed.GetValue(Level) is { } text && LogLevels.Read(text, out LogLevel level) is null
                    ? level
                    : LogLevel.Information,
        };
    }

    private static bool TryListen(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        (host, port) = ("", 0);
        return colon > 0
            && Hosts.Read(text[..colon], out host) is null
            && (!text[..colon].Contains(':', StringComparison.Ordinal) || text[0] == '[')
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port <= ushort.MaxValue;
    }

    /// <exception cref="InputException">It is neither a verifier key nor a file of them.</exception>
    private static IEnumerable<NoteKey> KeysOf(string text)
    {
        bool isKey = text.Contains('+', StringComparison.Ordinal) && !File.Exists(text);
        string[] lines = isKey ? [text] : Encoding.UTF8.GetString(InputFile.Read(text)).Split('\n');
        List<NoteKey> keys = [];
        foreach (string line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            try
            {
                keys.Add(NoteKey.Parse(line));
            }
            catch (LogFormatException e)
            {
                throw new InputException($"--log: '{text}': {e.Message.TrimEnd('.')}. Give the log's verifier key.");
            }
        }
        return keys.Count > 0 ? keys : throw new InputException($"--log: '{text}': has no verifier key.");
    }
}
