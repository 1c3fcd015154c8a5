using System.CommandLine;
using System.Globalization;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// <c>receipts init</c> and <c>receipts rotate</c>: how a log begins and ends, while no server writes to it.
/// </summary>
internal static class OwnLogCommands
{
    private const string StopFirst = "Stop it first: a log is begun and ended while nothing writes to it.";

    private static readonly LogOriginValue Names = new();

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

    /// <summary>Begins a log.</summary>
    public static Command Init()
    {
        Option<string?> name = Name("Name of a new log, to which a random part is added.");
        var command = new Command("init", "Begin a log with a key of its own, or show the one that there is.")
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
        var command = new Command(
            "rotate",
            "End the log and begin the next, with a new key. The logs name each other, and the receipts of both are "
                + "found and proved."
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

    private static string? Trimmed(string? name) => name?.Trim();

    private static Option<string?> Name(string description)
    {
        var name = new Option<string?>("--log-origin") { HelpName = Names.Placeholder, Description = description };
        name.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && Names.Read(text, out _) is { } complaint)
                result.AddError($"--log-origin: '{text}' {complaint}");
        });
        return name;
    }

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
        long entries = ended.ReadState().Checkpoint.Size;
        await Console.Out.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture, $"The log {ended.Key.Name} has ended with {entries} entries.")
        );
        if (ended.ReadRevocation() is not null)
            await Console.Out.WriteLineAsync(
                $"Its key is revoked. Give {ended.Folder.RevocationFile} to those who verify its receipts: only its "
                    + "last checkpoint counts now."
            );
        await Console.Out.WriteLineAsync($"{next.Key.Name} follows it. Its verifier key:");
        await Console.Out.WriteLineAsync(next.Key.ToString());
        return ExitCode.Success;
    }
}
