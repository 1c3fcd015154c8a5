using System.CommandLine;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Cli;

/// <summary><c>receipts</c>: what there is to do with receipts besides checking one.</summary>
internal static class ReceiptsCommand
{
    private static readonly Option<string> Answer = new("--answer")
    {
        HelpName = "FILE", Required = true, Description = "What has the receipt: a JSON answer, a recorded stream, or a receipt alone.",
    };

    private static readonly Option<string?> Request = VerifyCommand.File("--request", "The request body, as it was sent; without it nothing can be replayed.");
    private static readonly ServerOptions Server = new("--url", "Server that issued it, to add environment, key and proof of inclusion");
    private static readonly Option<string> Output = new("--output", "-o") { HelpName = "FILE", Required = true, Description = "The bundle. It is confidential: it has request and answer." };

    public static Command Create() => new("receipts", "Work with receipts.") { Export() };

    private static Command Export()
    {
        var command = new Command("export", "Make one file of a request, its answer and the receipt, for verify.")
        {
            Answer, Request, Server.Url, Output, Server.ApiKey, Server.Timeout,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => ExportAsync(parsed, cancellation)));
        return command;
    }

    private static async Task<int> ExportAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string answer = parsed.GetValue(Answer)!, output = parsed.GetValue(Output)!;
        byte[]? request = parsed.GetValue(Request) is { } file ? InputFile.Read(file) : null;
        using ReceiptServer? server = Server.ServerOf(parsed);
        ReceiptBundle bundle;
        try
        {
            bundle = await new BundleExport(server).MakeAsync(InputFile.Read(answer), answer, request, cancellation);
        }
        catch (ReceiptFormatException e)
        {
            throw new InputException($"{answer}: {e.Message}");
        }
        catch (NoAnswerException e)
        {
            await Console.Error.WriteLineAsync($"error: the server gave no answer: {e.Message}.");
            return ExitCode.Failure;
        }
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(output, options);
        await stream.WriteAsync(bundle.ToJson(), cancellation);
        await Console.Out.WriteLineAsync($"{output}: receipt {bundle.Receipt.ReceiptId}{Missing(bundle)}");
        return ExitCode.Success;
    }

    private static string Missing(ReceiptBundle bundle)
    {
        (string Name, bool IsThere)[] parts =
        [
            ("request", bundle.Request is not null), ("answer", bundle.Response is not null), ("environment", bundle.Environment is not null),
            ("key", bundle.PublicKey is not null), ("proof of inclusion", bundle.InclusionProof is not null),
        ];
        string missing = string.Join(", ", parts.Where(part => !part.IsThere).Select(part => part.Name));
        return missing.Length == 0 ? "" : $" (without {missing})";
    }
}
