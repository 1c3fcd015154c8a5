using System.CommandLine;
using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// <c>receipts init</c>, <c>rotate</c> and <c>revoke</c>: how a log begins and ends, while no server writes to it.
/// </summary>
internal static class OwnLogCommands
{
    private const string StopFirst = "Stop it first: a log is begun and ended while nothing writes to it.";

    private static readonly Option<bool> Revoke = new("--revoke")
    {
        Description =
            "The log's key counts no longer, because others may have it: sign that with it and the next key. Only "
            + "what the log's last checkpoint covers counts from then on.",
    };

    private static readonly SignerOption Signer = new(
        "--signer-command",
        "Program that has the key of the log that begins, and its arguments: words between spaces, or a JSON array. "
            + "Default: a new key in the folder."
    );

    private static readonly SignerOption PresentSigner = new(
        "--current-signer-command",
        "Program that has the key of the log that ends, where that is in no file."
    );

    private static readonly SignerOption NextSigner = new(
        "--signer-command",
        "Program that has the key of the log that follows, where that is in no file."
    );

    private static readonly SignerOption RevokedSigner = new(
        "--current-signer-command",
        "Program that has the key to revoke, where that is in no file."
    );

    private static readonly Argument<string> Log = new("LOG")
    {
        Description = "Origin or verifier key of a log that has ended.",
    };

    /// <summary>Begins a log.</summary>
    public static Command Init()
    {
        Option<string?> name = Name("Name of a new log, to which a random part is added.");
        var command = new CliCommand(
            "init",
            "Begin a log",
            "Begin a log with a key of its own, or show the key of the one that no server uses.",
            ("receipts init --log-origin example.org/v1/log", "A log that names the address it is served at.")
        )
        {
            ReceiptsCommand.DataDir,
            name,
            Signer.Option,
        };
        command.SetAction(
            (parsed, _) =>
                ReceiptsCommand.RunAsync(
                    parsed,
                    folder => InitAsync(folder, Trimmed(parsed.GetValue(name)), Signer.WordsIn(parsed))
                )
        );
        return command;
    }

    /// <summary>Ends a log and begins the next.</summary>
    public static Command Rotate()
    {
        Option<string?> name = Name("Name of the next log, to which a random part is added. Default: the same.");
        var command = new CliCommand(
            "rotate",
            "End the log and begin the next",
            "End the log and begin the next, with a new key. The logs name each other, and the receipts of both are "
                + "found and proved.",
            ("receipts rotate", "A new key, as many operators have each year."),
            ("receipts rotate --revoke", "After the key was stolen.")
        )
        {
            ReceiptsCommand.DataDir,
            name,
            Revoke,
            Signer.Option,
            PresentSigner.Option,
        };
        command.SetAction(
            (parsed, _) =>
                ReceiptsCommand.RunAsync(parsed, folder => RotateAsync(folder, Trimmed(parsed.GetValue(name)), parsed))
        );
        return command;
    }

    /// <summary>Revokes the key of a log that has ended.</summary>
    public static Command RevokeClosed()
    {
        var command = new CliCommand(
            "revoke",
            "Revoke the key of a log that has ended",
            "Sign that the key of a log that has ended counts no longer, but for the log's last checkpoint."
        )
        {
            Log,
            ReceiptsCommand.DataDir,
            NextSigner.Option,
            RevokedSigner.Option,
        };
        command.SetAction((parsed, _) => ReceiptsCommand.RunAsync(parsed, folder => RevokeAsync(folder, parsed)));
        return command;
    }

    private static string? Trimmed(string? name) => name?.Trim();

    private static Option<string?> Name(string description) =>
        CommandSyntax.Text("--log-origin", new LogOriginValue(), description);

    private static async Task<int> InitAsync(string folder, string? name, IReadOnlyList<string> signer)
    {
        var settings = new ReceiptStoreSettings(folder)
        {
            Origin = name,
            SignerCommand = signer,
            SignerLogger = SignerOption.Log,
            IfInUse = StopFirst,
        };
        await using var store = ReceiptStore.Open(settings, TimeProvider.System, NullLogger.Instance);
        string path = Path.GetFullPath(folder);
        await Console.Out.WriteLineAsync(
            store.IsNew
                ? $"A new log begins in {path}. Its verifier key, for those who verify its receipts:"
                : $"There is a log in {path}. Its verifier key is:"
        );
        await Console.Out.WriteLineAsync(store.LogKey.ToString());
        return ExitCode.Success;
    }

    private static async Task<int> RotateAsync(string folder, string? name, ParseResult parsed)
    {
        // A folder without a log is not created here.
        ReceiptArchive.Open(folder).Dispose();
        using (CommandSigner? signer = Signer.Start(parsed))
        using (CommandSigner? present = PresentSigner.Start(parsed))
        using (ReceiptDirectory directory = ReceiptDirectory.Open(folder, NullLogger.Instance, StopFirst))
            LogRotation.Run(directory, new LogSigners(signer, present), name, parsed.GetValue(Revoke));

        using ReceiptArchive archive = ReceiptArchive.Open(folder);
        (LogArchive ended, LogArchive next) = (archive.Logs[^2], archive.Logs[^1]);
        LogState last = ended.ReadState();
        await Console.Out.WriteLineAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The log {ended.Key.Name} has ended with {last.Checkpoint.Size} entries."
            )
        );
        if (last.End is { IsRevoked: true })
            await TellRevokedAsync(ended.Revocation.Path);
        await Console.Out.WriteLineAsync($"{next.Key.Name} follows it. Its verifier key:");
        await Console.Out.WriteLineAsync(next.Key.ToString());
        return ExitCode.Success;
    }

    private static async Task<int> RevokeAsync(string folder, ParseResult parsed)
    {
        ReceiptArchive.Open(folder).Dispose();
        string file;
        using (CommandSigner? next = NextSigner.Start(parsed))
        using (CommandSigner? revoked = RevokedSigner.Start(parsed))
        using (ReceiptDirectory directory = ReceiptDirectory.Open(folder, NullLogger.Instance, StopFirst))
            file = LogRotation.Revoke(directory, new LogSigners(next, revoked), parsed.GetValue(Log)!);
        await TellRevokedAsync(file);
        return ExitCode.Success;
    }

    private static Task TellRevokedAsync(string file) =>
        Console.Out.WriteLineAsync(
            $"Its key is revoked. Give {file} to those who verify its receipts: only its last checkpoint counts now."
        );
}
