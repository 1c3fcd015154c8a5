using System.CommandLine;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// <c>ask</c>: asks a server, keeps question, answer and key in files, and shows the answer once it is verified.
/// </summary>
internal static class AskCommand
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    private static readonly Argument<string> Question = new("QUESTION") { Description = "The message of the user." };
    private static readonly RemoteServerOptions Server = new(
        "--url",
        "Server to ask, such as https://inference.example",
        DefaultUrl
    );
    private static readonly Option<string> Folder = new("--output", "-o")
    {
        HelpName = "FOLDER",
        Description =
            "Where request.json and answer.json (or answer.sse) are written anew, and key.json unless it is there. "
            + "Default: the working directory.",
        DefaultValueFactory = _ => ".",
    };
    private static readonly Option<string?> Model = new("--model")
    {
        HelpName = "NAME",
        Description = "Model to ask for. Default: the server's.",
    };
    private static readonly Option<int?> MaxTokens = new("--max-tokens")
    {
        HelpName = "NUMBER",
        Description = "Most tokens of the answer. Default: the server's.",
    };
    private static readonly Option<bool> Stream = new("--stream") { Description = "Ask for a stream of events." };

    public static Command Create()
    {
        Question.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && string.IsNullOrWhiteSpace(text))
                result.AddError("QUESTION: is empty. Give ask QUESTION, such as ask \"Who are you?\".");
        });
        MaxTokens.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out int most) && most > 0))
                result.AddError($"--max-tokens: '{text}' is not a number from 1.");
        });
        var command = new CliCommand(
            "ask",
            "Ask, and keep question, answer and key in files",
            "Ask a server, and keep question, answer and key in files that verify reads. The answer is shown once it "
                + "is verified with key.json: that of the folder, or else the server's own, which is kept.",
            ("ask \"Who are you?\"", "Ask the server on this machine."),
            ("ask \"Who are you?\" --url https://inference.example --api-key KEY -o answers", "Ask another one.")
        )
        {
            Question,
            Server.Url,
            Folder,
            Model,
            MaxTokens,
            Stream,
            Server.ApiKey,
            Server.Timeout,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Uri url = Server.UrlOf(parsed) ?? new Uri(DefaultUrl);
        using ReceiptServer server = Server.ServerOf(parsed, url);
        var asked = new AskedQuestion(server, parsed.GetValue(Folder)!);
        bool isStream = parsed.GetValue(Stream);
        byte[] body = AskedQuestion.Body(
            parsed.GetValue(Question)!,
            parsed.GetValue(Model),
            parsed.GetValue(MaxTokens),
            isStream
        );
        VerificationResult report;
        try
        {
            report = await asked.AskAsync(body, isStream ? AnswerDelivery.Sse : AnswerDelivery.Json, cancellation);
        }
        catch (NoAnswerException e)
        {
            report = new VerificationResult(
                Verdict.Unreachable,
                $"{server.Address} gave no usable answer: {e.Message}"
            );
            await Console.Error.WriteLineAsync($"{report.Name}: {report.Reason}");
            return report.ExitCode;
        }
        if (report.Verdict != Verdict.Valid)
        {
            await Console.Error.WriteLineAsync(
                $"The answer is not shown, because it is not verified. {report.Name}: {report.Reason}"
            );
            return report.ExitCode;
        }
        await WriteAsync(asked, report.Texts, server.Address);
        return ExitCode.Success;
    }

    private static async Task WriteAsync(AskedQuestion asked, IReadOnlyList<VerifiedText> texts, string address)
    {
        foreach (VerifiedText text in texts.Where(text => text.Channel is not "finish"))
        {
            if (text.Channel is not "content")
                await Console.Out.WriteAsync($"{text.Channel}: ");
            // The receipt shows who wrote it, and not that it does the terminal no harm.
            await Console.Out.WriteLineAsync(OneLine.OfLines(text.Text));
        }
        await Console.Out.WriteLineAsync(
            $"\n{asked.RequestFile}, {asked.AnswerFile}: VALID under the key in {asked.KeyFile}, "
                + (asked.KnowsKey ? "which was there." : "which came from the server just now: keep it.")
        );
        await Console.Out.WriteLineAsync(
            $"To check it again:\n{RootCommandLine.Program} verify {asked.AnswerFile} --request {asked.RequestFile} "
                + $"--key {asked.KeyFile} --against {address}"
        );
    }
}
