using System.CommandLine;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// <c>verify</c>: checks a receipt, and can have a server compute its request again. The exit code is the verdict.
/// </summary>
internal static class VerifyCommand
{
    private const int MaxRuns = 100;

    /// <summary>Stands in the line of a file that is no receipt, and can't be read as one.</summary>
    private const string Unusable = "UNUSABLE";

    /// <summary>Exit codes, the worst one first.</summary>
    private static readonly List<int> Severity =
    [
        VerdictExitCode.Of(Verdict.Tampered),
        VerdictExitCode.Of(Verdict.Contradicted),
        ExitCode.Usage,
        VerdictExitCode.Of(Verdict.UnknownVersion),
        VerdictExitCode.Of(Verdict.OtherKey),
        VerdictExitCode.Of(Verdict.Untrusted),
        VerdictExitCode.Of(Verdict.Incomplete),
        VerdictExitCode.Of(Verdict.Policy),
        VerdictExitCode.Of(Verdict.Indeterminate),
        VerdictExitCode.Of(Verdict.Inconclusive),
        VerdictExitCode.Of(Verdict.Unreachable),
        VerdictExitCode.Of(Verdict.Corroborated),
        VerdictExitCode.Of(Verdict.Signed),
        VerdictExitCode.Of(Verdict.Valid),
    ];

    private static readonly Argument<string> Receipt = new("RECEIPT")
    {
        Description =
            "A bundle, a receipt (the 'determinism' object), a whole JSON answer, a recorded stream, or a folder of "
            + "such files.",
    };
    private static readonly Option<string?> Request = File("--request", "The request body, as it was sent.");
    private static readonly Option<string?> Response = File("--response", "The answer's body, as it was received.");
    private static readonly RemoteServerOptions Server = new("--against", "Server that computes the request again");
    private static readonly Option<string?> Issuer = RemoteServerOptions.CreateUrl(
        "--issuer",
        "With --against: the server that issued the receipt, which tells what its environment is"
    );
    private static readonly Option<string[]> Key = new("--key")
    {
        HelpName = "FILE",
        Description =
            "The key that you trust: the log's verifier key, its public key in PEM, or the answer of GET "
            + "/v1/receipts/key. A file may hold several, and several files may be given.",
    };
    private static readonly Option<string[]> Revoked = new("--revoked")
    {
        HelpName = "FILE",
        Description =
            "A signed revocation of a key (revocation of GET /v1/logs); several may be given. Those of --against count "
            + "too.",
    };
    private static readonly Option<string?> Policy = File(
        "--witness-policy",
        "Policy of the log's witnesses that you trust (C2SP tlog-policy). Logs that it lists are trusted like --key."
    );
    private static readonly Option<string?> Trust = File(
        "--trust",
        "Keys that you trust and how long, witnesses, and what you require (dis-trust/1)."
    );
    private static readonly Option<string[]> Require = new("--require")
    {
        HelpName = string.Join('|', TrustRequirementName.All),
        Description =
            "What the receipt must have besides: witnessed is the quorum of --witness-policy or --trust, replayed that "
            + "--against reproduces it. Several may be given.",
    };
    private static readonly Option<int> Runs = CommandSyntax.Number(
        "--runs",
        "Replays made before a difference counts.",
        ReplayJudge.MinimumReplays,
        ReplayJudge.MinimumReplays,
        MaxRuns
    );
    private static readonly Option<string?> Delivery = new("--delivery")
    {
        HelpName = "json|sse",
        Description = "How replays are delivered. Default: as the answer was.",
    };
    private static readonly Option<bool> Json = new("--json") { Description = "Write the report as JSON." };

    public static Command Create()
    {
        Delivery.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text is not ("json" or "sse"))
                result.AddError($"--delivery: '{text}' is not json or sse.{NearestName.Hint(text, ["json", "sse"])}");
        });
        Issuer.Validators.Add(result =>
        {
            if (result.GetResult(Server.Url) is null)
                result.AddError("--issuer: needs --against URL, which names the server that computes again.");
        });
        Require.Validators.Add(result =>
        {
            foreach (string word in result.Tokens.Select(token => token.Value).Except(TrustRequirementName.All))
                result.AddError(
                    $"--require: '{word}' is none of {string.Join(", ", TrustRequirementName.All)}."
                        + NearestName.Hint(word, TrustRequirementName.All)
                );
            bool hasWitnesses = result.GetResult(Policy) is not null || result.GetResult(Trust) is not null;
            if (result.Tokens.Any(token => token.Value == "witnessed") && !hasWitnesses)
                result.AddError("--require: witnessed needs --witness-policy FILE, which says by whom.");
        });
        var command = new CliCommand(
            "verify",
            "Check a receipt; compute its request again",
            "Check a receipt: signature, commitments, log and, with --against, whether the request gives the "
                + "same answer again. The first line is the verdict, and the exit code says it too: 0 VALID (not "
                + "replayed) or REPRODUCED; 2 a wrong argument or file; 10 CONTRADICTED; 11 CORROBORATED; 12 "
                + "INCONCLUSIVE; 13 TAMPERED; 14 INCOMPLETE; 15 UNREACHABLE; 16 INDETERMINATE (the server contradicts "
                + "itself); 17 UNTRUSTED (no key of yours); 18 SIGNED (request or answer not compared); 19 OTHER KEY; "
                + "20 POLICY; 21 UNKNOWN VERSION.",
            ("verify answer.json --request request.json --key key.json", "Check the three files that ask keeps."),
            (
                "verify answer.json --request request.json --key key.json --against http://127.0.0.1:8080",
                "Have the server compute the request again, and compare."
            ),
            ("verify FOLDER --key key.json", "Check all bundles in a folder; the last line counts the verdicts.")
        )
        {
            Receipt,
            Request,
            Response,
            Server.Url,
            Issuer,
            Key,
            Revoked,
            Trust,
            Policy,
            Require,
            Runs,
            Delivery,
            Server.ApiKey,
            Json,
            Server.Timeout,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    internal static Option<string?> File(string name, string description) =>
        new(name) { HelpName = "FILE", Description = description };

    internal static VerifyOptions Read(ParseResult parsed) =>
        new()
        {
            Receipt = parsed.GetValue(Receipt)!,
            RequestFile = parsed.GetValue(Request),
            ResponseFile = parsed.GetValue(Response),
            Against = Server.UrlOf(parsed),
            Issuer = parsed.GetValue(Issuer) is { } issuer ? new Uri(issuer) : null,
            KeyFiles = parsed.GetValue(Key) ?? [],
            RevocationFiles = parsed.GetValue(Revoked) ?? [],
            WitnessPolicyFile = parsed.GetValue(Policy),
            TrustFile = parsed.GetValue(Trust),
            Requirements = [.. (parsed.GetValue(Require) ?? []).Select(TrustRequirementName.Parse)],
            Runs = parsed.GetValue(Runs),
            Delivery = parsed.GetValue(Delivery) switch
            {
                "json" => AnswerDelivery.Json,
                "sse" => AnswerDelivery.Sse,
                _ => null,
            },
            ApiKey = parsed.GetValue(Server.ApiKey),
            Timeout = Server.TimeoutOf(parsed),
        };

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        VerifyOptions options = Read(parsed);
        bool isJson = parsed.GetValue(Json);
        await using Stream output = Console.OpenStandardOutput();
        if (Directory.Exists(options.Receipt))
            return await RunFolderAsync(options, isJson, output, cancellation);
        VerificationResult report = await VerifyAsync(options, cancellation);
        await output.WriteAsync(
            isJson
                ? JsonReport.Write(report)
                : Encoding.UTF8.GetBytes(new TextReport(IsColoured(Console.IsOutputRedirected)).Write(report)),
            cancellation
        );
        return report.ExitCode;
    }

    /// <summary>Verifies all files of a folder, one line for each, and a last line that counts the verdicts.</summary>
    private static async Task<int> RunFolderAsync(
        VerifyOptions options,
        bool isJson,
        Stream output,
        CancellationToken cancellation
    )
    {
        if (options.RequestFile is not null || options.ResponseFile is not null)
            throw new InputException("--request, --response: are of one receipt, and a folder was given. Use bundles.");
        string[] files = [.. Directory.EnumerateFileSystemEntries(options.Receipt).Order(StringComparer.Ordinal)];
        if (files.Length == 0)
            throw new InputException($"{options.Receipt}: has no files.");
        var verdicts = new List<(string Name, int ExitCode)>();
        foreach (string file in files)
        {
            string name = Path.GetFileName(file),
                line;
            byte[] json;
            try
            {
                InputFile.RequireRegular(file);
                VerificationResult report = await VerifyAsync(options with { Receipt = file }, cancellation);
                verdicts.Add((report.Name, report.ExitCode));
                line = report.Reason.Length == 0 ? report.Name : $"{report.Name}: {report.Reason}";
                if (ReceiptVerification.RemedyOf(report) is { } remedy)
                    line += $". {remedy}";
                json = JsonReport.Write(report, name);
            }
            catch (Exception e) when (e is InputException or EvidenceException)
            {
                // The others are read all the same.
                verdicts.Add((Unusable, ExitCode.Usage));
                line = $"{Unusable}: {OneLine.Of(e.Message.TrimEnd('.'))}";
                json = JsonReport.WriteUnusable(name, e.Message);
            }
            await output.WriteAsync(
                isJson ? json : Encoding.UTF8.GetBytes($"{OneLine.Of(name)}: {line}\n"),
                cancellation
            );
            await output.FlushAsync(cancellation);
        }
        if (!isJson)
        {
            IEnumerable<string> counts = verdicts
                .GroupBy(verdict => verdict.Name)
                .Select(group => $"{group.Count()} {group.Key}");
            await output.WriteAsync(
                Encoding.UTF8.GetBytes($"\n{files.Length} files: {string.Join(", ", counts)}\n"),
                cancellation
            );
        }
        return Worst(verdicts.Select(verdict => verdict.ExitCode));
    }

    /// <summary>The exit code of a folder. One that is not in the list counts as worse than all others.</summary>
    internal static int Worst(IEnumerable<int> exitCodes) => exitCodes.MinBy(Severity.IndexOf);

    private static Task<VerificationResult> VerifyAsync(VerifyOptions options, CancellationToken cancellation) =>
        ReceiptVerification.RunAsync(
            options,
            Console.IsErrorRedirected ? null : new ProgressLines(Console.Error),
            cancellation
        );

    /// <summary>See https://no-color.org.</summary>
    private static bool IsColoured(bool isRedirected) =>
        !isRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
