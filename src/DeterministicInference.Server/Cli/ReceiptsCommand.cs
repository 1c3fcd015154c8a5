using System.CommandLine;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Http;
using DeterministicInference.Server.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Verification;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Cli;

/// <summary><c>receipts</c>: lists, shows, checks and exports stored receipts, and follows logs.</summary>
internal static class ReceiptsCommand
{
    private static readonly Option<string> Answer = new("--answer")
    {
        HelpName = "FILE",
        Required = true,
        Description = "File with the receipt: a JSON answer, a recorded stream, or a receipt alone.",
    };

    private static readonly Option<string?> Request = VerifyCommand.File(
        "--request",
        "The request body, as it was sent; without it nothing can be replayed."
    );
    private static readonly Option<bool> WithoutRequest = new("--without-request")
    {
        Description =
            "Make a bundle for who may see the answer, but not the request: without the salts that would let guesses "
            + "of it be tested, and without what the answer tells about it beside its output.",
    };
    private static readonly RemoteServerOptions Server = new(
        "--url",
        "Server that issued the receipt, to add environment and key"
    );
    private static readonly Option<string> Output = new("--output", "-o")
    {
        HelpName = "FILE",
        Required = true,
        Description = "The bundle to write. It is confidential: it contains request and answer.",
    };

    public static readonly Option<string?> DataDir = new("--data-dir")
    {
        HelpName = "FOLDER",
        Description = $"Folder of the server's receipts. Default: {StatePaths.Receipts}.",
    };
    private static readonly Option<string?> Key = VerifyCommand.File(
        "--key",
        "The key that the log must have: its verifier key, or a public key in PEM."
    );
    private static readonly Option<int> Limit = CommandSyntax.Number(
        "--limit",
        "Receipts to list, the newest first.",
        20,
        1,
        int.MaxValue
    );
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object per line." };
    private static readonly Option<bool> StatementOnly = new("--statement")
    {
        Description = "Print only what it states, indented for readers.",
    };
    private static readonly Option<bool> Dsse = new("--dsse")
    {
        Description = "Print its statement in a DSSE envelope, signed with the log's key, for tools that want one.",
    };
    private static readonly SignerOption Signer = new(
        "--signer-command",
        "Program that has the log's key and signs for --dsse, where the key is in no file."
    );
    private static readonly Argument<string> Id = new("ID") { Description = "Id of the receipt or of the answer." };

    public static Command Create() =>
        new CliCommand(
            "receipts",
            "List, show, check and export receipts",
            "List, show and export receipts; begin, check, end, follow and copy their log."
        )
        {
            List(),
            Show(),
            Check(),
            Export(),
            OwnLogCommands.Init(),
            OwnLogCommands.Rotate(),
            OwnLogCommands.RevokeClosed(),
            LogCommands.Monitor(),
            LogCommands.Mirror(),
        };

    private static CliCommand List()
    {
        var command = new CliCommand(
            "list",
            "List the receipts of a server",
            "List the receipts that a server has issued, the newest first.",
            ("receipts list", "The newest 20 of the default folder."),
            ("receipts list --limit 1000 --json", "The newest 1000, for a program.")
        )
        {
            DataDir,
            Limit,
            Json,
        };
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(
                    parsed,
                    async archive =>
                    {
                        IReadOnlyList<StoredReceipt> receipts = await archive.ListAsync(
                            parsed.GetValue(Limit),
                            cancellation
                        );
                        await Console.Out.WriteAsync(
                            parsed.GetValue(Json) ? ReceiptList.Json(receipts) : ReceiptList.Text(receipts)
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static CliCommand Show()
    {
        var command = new CliCommand(
            "show",
            "Show a receipt as JSON",
            "Show a receipt as JSON, in the form that verify reads. It is confidential: it contains the salt.",
            ("receipts show chatcmpl-f56c05ffcac54fca4c0617ef", "The receipt of the answer with this id."),
            ("receipts show chatcmpl-f56c05ffcac54fca4c0617ef --statement", "What it states, to read.")
        )
        {
            Id,
            DataDir,
            StatementOnly,
            Dsse,
            Signer.Option,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(StatementOnly) && result.GetValue(Dsse))
                result.AddError("--statement: --dsse prints the statement too, in its envelope. Give one of the two.");
            if (result.GetResult(Signer.Option) is { Implicit: false } && !result.GetValue(Dsse))
                result.AddError("--signer-command: only --dsse signs. Add it, or leave the command out.");
        });
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(
                    parsed,
                    async archive =>
                    {
                        string id = parsed.GetValue(Id)!;
                        ReceiptLookup found = await archive.FindAsync(id, cancellation);
                        IReadOnlyList<StoredReceipt> byAnswer = found.Receipt is null
                            ? await archive.FindByAnswerAsync(id, cancellation)
                            : [];
                        if ((found.Receipt ?? (byAnswer is [var only] ? only : null)) is not { } receipt)
                        {
                            return await FailAsync(
                                found.IsPruned ? "the receipt was deleted (--receipt-retention)."
                                : byAnswer.Count > 0
                                    ? "several answers have this id; receipts list shows the receipts' own ids."
                                : "no receipt has this id; receipts list shows those that there are."
                            );
                        }
                        LogArchive log = archive.LogOf(receipt.Origin);
                        await using Stream output = Console.OpenStandardOutput();
                        if (parsed.GetValue(StatementOnly))
                        {
                            using JsonDocument read = JsonDocument.Parse(receipt.Statement);
                            output.Write(JsonBytes.WriteIndented(read.WriteTo));
                            output.Write("\n"u8);
                            return ExitCode.Success;
                        }
                        if (parsed.GetValue(Dsse))
                        {
                            using CommandSigner? command = Signer.Start(parsed);
                            using LogKey key = log.OpenKey(new LogSigners(command));
                            output.Write(
                                DsseEnvelope
                                    .Sign(DsseEnvelope.InTotoPayloadType, receipt.Statement, key.Signer)
                                    .ToJson()
                            );
                            output.Write("\n"u8);
                            return ExitCode.Success;
                        }
                        TlogProof proof = await log.ProveAsync(receipt, cancellation);
                        ReceiptStatement statement = receipt.ReadStatement();
                        EnvironmentLookup environment = await archive.FindEnvironmentAsync(
                            statement.EnvironmentId,
                            statement.EnvironmentSource,
                            cancellation
                        );
                        await using (var json = new Utf8JsonWriter(output, JsonBytes.WriterOptions))
                            ReceiptDocument.Write(json, receipt, proof, environment.Document);
                        output.Write("\n"u8);
                        if (environment.Damage is { } damage)
                            await Console.Error.WriteLineAsync(
                                $"warning: {damage}; receipts check finds what is damaged."
                            );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static CliCommand Check()
    {
        var command = new CliCommand(
            "check",
            "Check the log and its receipts",
            "Check every row of the log and its receipts, the published and the cosigned checkpoint and the key, also "
                + "while a server writes.",
            ("receipts check", "Check the default folder.")
        )
        {
            DataDir,
            Key,
        };
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(
                    parsed,
                    async archive =>
                    {
                        NoteKey current = archive.Logs[^1].Key;
                        if (
                            parsed.GetValue(Key) is { } file
                            && PublicKeyFile.Read(file) is var trusted
                            && !archive.Logs.Any(log => trusted.Is(log.Key))
                        )
                            return await FailAsync($"the log is {current}, not the one of --key.");
                        foreach (
                            (LogArchive folder, LogState log) in archive.Logs.Zip(
                                await archive.CheckAsync(cancellation)
                            )
                        )
                        {
                            if (folder.Folder.ReadCheckpoint() is null)
                                await Console.Error.WriteLineAsync(
                                    $"warning: {folder.Folder.CheckpointFile} is missing: that its database was set "
                                        + "back would not be noticed. "
                                        + (log.End is null ? "The server writes it." : "Restore it from a copy.")
                                );
                            await Console.Out.WriteLineAsync(
                                $"The log {log.Key.Name} is consistent: {log.Checkpoint.Size} entries. Its key is "
                                    + $"{log.Key.Key.KeyId}."
                            );
                        }
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, Func<ReceiptArchive, Task<int>> run) =>
        RunAsync(
            parsed,
            async folder =>
            {
                using ReceiptArchive archive = ReceiptArchive.Open(folder);
                return await run(archive);
            }
        );

    /// <summary>Runs a command on the folder of the receipts, and reports what is wrong there.</summary>
    internal static Task<int> RunAsync(ParseResult parsed, Func<string, Task<int>> run) =>
        CommandErrors.ReportAsync(async () =>
        {
            string folder = parsed.GetValue(DataDir) ?? StatePaths.Receipts;
            try
            {
                return await run(folder);
            }
            catch (ReceiptFormatException e)
            {
                return await FailAsync(
                    $"a receipt in the store is damaged: {e.Message.TrimEnd('.')}. Restore {folder} as it was when "
                        + "the last receipt was issued."
                );
            }
            catch (SignerException e)
            {
                return await FailAsync(e.Explain());
            }
            catch (InvalidDataException e)
            {
                return await FailAsync(
                    $"the log is inconsistent: {OneLine.Of(e.Message)}. Restore {folder} as it was when the last "
                        + "receipt was issued, or start a new log in another --data-dir."
                );
            }
            catch (SqliteException e)
            {
                return await FailAsync(ReceiptArchive.Unreadable(folder, e));
            }
        });

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"error: {OneLine.Of(message)}");
        return ExitCode.Failure;
    }

    private static CliCommand Export()
    {
        var command = new CliCommand(
            "export",
            "Write request, answer and receipt to one file",
            "Write a request, its answer and the receipt to one file for verify.",
            (
                "receipts export --answer answer.json --request request.json --url http://127.0.0.1:8080 "
                    + "-o bundle.json",
                "Everything that verify needs, in one file."
            )
        )
        {
            Answer,
            Request,
            WithoutRequest,
            Server.Url,
            Output,
            Server.ApiKey,
            Server.Timeout,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => ExportAsync(parsed, cancellation)));
        return command;
    }

    private static async Task<int> ExportAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string answer = parsed.GetValue(Answer)!,
            output = parsed.GetValue(Output)!;
        bool isShared = parsed.GetValue(WithoutRequest);
        if (isShared && parsed.GetValue(Request) is not null)
            throw new InputException("--without-request: leave --request out, or this.");
        byte[]? request = parsed.GetValue(Request) is { } file ? InputFile.Read(file) : null;
        using ReceiptServer? server = Server.ServerOf(parsed);
        ReceiptBundle bundle;
        try
        {
            bundle = await new BundleExport(server).MakeAsync(
                InputFile.Read(answer),
                answer,
                request,
                isShared,
                cancellation
            );
        }
        catch (ReceiptFormatException e)
        {
            throw new InputException($"{answer}: {e.Message}");
        }
        catch (NoAnswerException e)
        {
            return await FailAsync($"{server!.Address} gave no usable answer: {e.Message}.");
        }
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            await using var stream = new FileStream(output, options);
            await stream.WriteAsync(bundle.ToJson(), cancellation);
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            return await FailAsync($"--output: {output} can't be written: {WhyUnwritable(output, e)}");
        }
        await Console.Out.WriteLineAsync($"{output}: receipt {bundle.Receipt.ReceiptId}{Missing(bundle)}");
        return ExitCode.Success;
    }

    private static string WhyUnwritable(string path, Exception e) =>
        e switch
        {
            DirectoryNotFoundException =>
                $"there is no folder '{Path.GetDirectoryName(path)}'. Create it, or give another file.",
            UnauthorizedAccessException when Directory.Exists(path) => "it is a folder. Give a file.",
            UnauthorizedAccessException => "this user may not write there. Give another file.",
            _ => $"{OneLine.Of(e.Message).TrimEnd('.')}. Give another file.",
        };

    private static string Missing(ReceiptBundle bundle)
    {
        (string Name, bool IsThere)[] parts =
        [
            ("request", bundle.Request is not null),
            ("answer", bundle.Response is not null),
            ("environment", bundle.Environment is not null),
            ("key", bundle.LogKey is not null),
        ];
        string missing = string.Join(", ", parts.Where(part => !part.IsThere).Select(part => part.Name));
        return missing.Length == 0 ? "" : $" (without {missing})";
    }
}
