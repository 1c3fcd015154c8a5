using System.Text.Json;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// What <c>verify</c> and <c>ask</c> print of files and answers forges no line, and gives a terminal no orders.
/// </summary>
public sealed class PrintedTextTests
{
    private static readonly string[] Texts =
    [
        "\nVALID (not replayed)\n\n  receipt           x",
        "\r✓ request           ok",
        "\u001b[2J\u001b[HVALID",
        "\u009b2J\u0090q\u009c",
        "\u001b]0;title\u0007",
        "\b\b\b\0\u007f\u000b\f",
        "\u0085\u2028\u2029",
        "\u202eDILAV\u202c\u202a\u202b\u202d",
        "\u2066x\u2067y\u2068z\u2069\u200f\u200e\u061c",
    ];

    public static TheoryData<string> Nasty => [.. Texts];

    /// <summary>Each text that a report prints is the nasty one.</summary>
    [Theory]
    [MemberData(nameof(Nasty))]
    public void A_report_has_the_lines_and_the_characters_of_an_honest_one(string nasty)
    {
        string honest = new TextReport().Write(Report("x")),
            printed = new TextReport().Write(Report(nasty));
        AssertSafe(printed);
        Assert.Equal(Names(honest), Names(printed));
        // Reason, checks that did not pass, pins, model, facts, note and members; the token's text is quoted before.
        Assert.InRange(printed.Split(OneLine.Of(nasty)).Length - 1, 11, 12);
        byte[] json = JsonReport.Write(Report(nasty), nasty);
        Assert.Equal(json.Length - 1, Array.IndexOf(json, (byte)'\n'));
        Assert.Equal(nasty, (string?)JsonNode.Parse(json)!["file"]);
    }

    [Theory]
    [MemberData(nameof(Nasty))]
    public void The_progress_of_replays_is_a_line(string nasty)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new ProgressLines(output).Report(nasty);
        Assert.Equal($"{OneLine.Of(nasty)}\n", output.ToString());
    }

    [Fact]
    public async Task A_folder_has_a_line_for_each_file_whatever_it_is_called()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string folder = TestModels.NewFolder("nasty");
        string[] names = [.. Texts.Where(name => !name.Contains('\0', StringComparison.Ordinal))];
        foreach (string name in names)
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, name),
                $$"""{"receipt_id":"x","error":{{JsonSerializer.Serialize(name)}}}""",
                TestContext.Current.CancellationToken
            );
        }
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", folder]);
        Assert.Equal((2, ""), (result.ExitCode, result.Error));
        AssertSafe(result.Output);
        string[] lines = result.Output.Split('\n');
        Assert.Equal(names.Length + 3, lines.Length);
        Assert.Equal(
            names.Order(StringComparer.Ordinal).Select(name => $"{OneLine.Of(name)}: UNUSABLE: "),
            lines[..names.Length].Select(line => line[..(line.IndexOf(": UNUSABLE: ", StringComparison.Ordinal) + 12)])
        );

        // The same file alone, whose name stands in the message.
        result = await ServerProgram.Built.RunAsync(["verify", Path.Combine(folder, names[0])]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        AssertSafe(result.Error);
        Assert.Single(result.ErrorLines);
    }

    [Theory]
    [MemberData(nameof(Nasty))]
    public async Task An_answer_is_shown_without_orders_to_the_terminal(string nasty)
    {
        await using IssuingServer server = await IssuingServer.StartAsync();
        server.Script = _ => ScriptedAnswer.Paris.With(0, 1, $"Tea\t{nasty}");
        string folder = TestModels.NewFolder("asked");
        string[] arguments = ["ask", "Tea?", "--url", server.Url, "-o", folder];
        CommandResult asked = await ServerProgram.Built.RunAsync(arguments);
        Assert.Equal((0, ""), (asked.ExitCode, asked.Error));
        Assert.StartsWith($"Tea\t{OneLine.OfLines(nasty)}", asked.Output, StringComparison.Ordinal);
        AssertSafe(asked.Output.Replace("\t", "", StringComparison.Ordinal));

        server.Instead[ApiClient.Chat] = (
            503,
            $$$"""{"error":{"message":{{{JsonSerializer.Serialize(nasty)}}},"type":"server_error"}}"""
        );
        asked = await ServerProgram.Built.RunAsync(arguments);
        Assert.Equal((15, ""), (asked.ExitCode, asked.Output));
        AssertSafe(asked.Error);
        Assert.Single(asked.ErrorLines);
    }

    private static VerificationResult Report(string text)
    {
        using SigningKey key = SigningKey.Create();
        return new VerificationResult(Verdict.Inconclusive, text)
        {
            Checks =
            [
                .. Enum.GetValues<CheckOutcome>()
                    .Select(outcome => new CheckResult(ReceiptCheck.Output, outcome, text)),
                new CheckResult(ReceiptCheck.Request, CheckOutcome.Passed, ""),
            ],
            Statement = new ReceiptStatement
            {
                ReceiptId = new string('0', 32),
                IssuedAt = DateTimeOffset.UnixEpoch,
                Complete = true,
                Class = DeterminismClass.Deterministic,
                RequestPath = CanonicalRequest.ChatPath,
                RequestCommitment = default,
                OutputCommitment = default,
                Delivery = AnswerDelivery.Json,
                EnvironmentId = default,
                EnvironmentSource = FactSource.Measured,
                ModelName = text,
            },
            Pins = [new PinnedMember(text, text, text)],
            Unbound = [text],
            Replay = new ReplayReport(AnswerDelivery.Json, 1)
            {
                Log = new NoteKey("log.example", key.PublicKey),
                DifferingFacts = [text],
                Note = text,
                Difference = new ReplayDifference(ReplayPart.Tokens, new TokenPlace(0, 0)),
                Recorded = new ReportedToken(1, $"\"{text}"),
                Replayed = new ReportedToken(2, null),
            },
        };
    }

    private static IEnumerable<string> Names(string report) =>
        report.Split('\n').Skip(1).Select(line => line.Length < 20 ? line : line[..20]);

    private static void AssertSafe(string printed) =>
        Assert.DoesNotContain(
            printed,
            c =>
                (char.IsControl(c) && c != '\n')
                || c is '\u2028' or '\u2029' or '\u061c' or '\u200e' or '\u200f'
                || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069')
        );
}
