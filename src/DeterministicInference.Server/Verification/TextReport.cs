using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>Writes a report as text: the verdict, the receipt, what was compared, and the replays.</summary>
/// <param name="isColoured">Whether marks and verdict have the colours of a terminal.</param>
internal sealed class TextReport(bool isColoured = false)
{
    private const int NameWidth = 18;

    private const string Plain = "  ",
        Green = "32",
        Red = "31",
        Yellow = "33",
        Bold = "1";

    private readonly StringBuilder _text = new();

    public string Write(VerificationResult report)
    {
        _text.Append(Coloured(report.Name, ColourOf(report)));
        _text.Append(report.Summary, report.Name.Length, report.Summary.Length - report.Name.Length);
        _text.Append('\n');
        if (ReceiptVerification.RemedyOf(report) is { } remedy)
            _text.Append(remedy).Append('\n');
        _text.Append('\n');
        if (report.Statement is { } statement)
            WriteStatement(statement);
        if (report.KeyId is { } key)
            Line("key", $"{key}, {(report.KeyPinned ? "pinned" : "not pinned: anyone may have made the receipt")}");
        if (report.Checks.Count > 0)
            _text.Append('\n');
        foreach (CheckResult check in report.Checks)
        {
            Line(CheckNames.ForPeople(check.Check), Outcome(check), Mark(check.Outcome));
            if (check.Check == ReceiptCheck.Request)
                WritePins(report.Pins);
        }
        foreach (WitnessCosignature cosignature in report.Cosignatures)
            Line("cosigned by", $"{cosignature.Witness.Name}, {StatementNames.OfTimestamp(cosignature.Timestamp)}");
        if (report.Statement is not null)
            Line(
                "never compared",
                string.Join(", ", VerificationResult.NotBound.Concat(report.Unbound)),
                Mark(CheckOutcome.NotChecked)
            );
        if (report.Replay is { } replay)
            WriteReplay(replay);
        return _text.ToString().TrimEnd('\n') + "\n";
    }

    private static string ColourOf(VerificationResult report) =>
        report.ExitCode == 0 ? Green
        : report.Verdict is Verdict.Tampered or Verdict.Contradicted ? Red
        : Yellow;

    private void WriteStatement(ReceiptStatement statement)
    {
        Line("receipt", statement.ReceiptId);
        Line("issued", StatementNames.Of(statement.IssuedAt));
        Line(
            "answer",
            $"{statement.RequestPath}, {StatementNames.Of(statement.Delivery)}, "
                + StatementNames.Of(statement.Execution)
                + (statement.Complete ? "" : ", broke off")
        );
        if (statement.Tokens is { } tokens)
        {
            string prompt = statement.Prompt is { } bound ? $", prompt {Sum(bound.Counts)}" : "";
            Line("tokens", $"{Sum(tokens.Counts)}{prompt}");
        }
        Line("model", statement.ModelName ?? "unknown");
        if (statement.WeightVersion is { } version)
            Line("weights", version);
        Line(
            "environment",
            $"{statement.EnvironmentId}, {new EnvironmentPromise(statement.Class, statement.EnvironmentSource)}"
        );
    }

    /// <summary>What the server set in the request: the engine did not get what the client sent.</summary>
    private void WritePins(IReadOnlyList<PinnedMember> pins)
    {
        foreach (PinnedMember pin in pins)
            Line("server set", $"{pin.Name}: {pin.Sent ?? "nothing was sent"} → {pin.Set}");
    }

    private void WriteReplay(ReplayReport replay)
    {
        _text.Append('\n');
        Line(
            "replay",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{replay.Answers} {(replay.Answers == 1 ? "answer" : "answers")}, {StatementNames.Of(replay.Delivery)}"
            )
        );
        if (replay.Log is { } log)
            Line(
                "replayed by",
                $"{log.Name}+{log.Id:x8}, "
                    + (replay.IsIssuer ? "the log of the receipt" : "another log than the receipt's")
            );
        if (replay.EnvironmentId is { } id)
            Line("its environment", $"{id}{(replay.EnvironmentPromise is { } promise ? $", {promise}" : "")}");
        else if (replay.Answers > 0)
            Line("its environment", "unknown");
        foreach (string fact in replay.DifferingFacts)
            Line("differing fact", fact);
        if (replay.Note is { } note)
            Line("note", note);
        if (replay.Difference is not { } difference)
            return;
        Line("first difference", difference.ToString());
        if (difference.Token is null)
            return;
        Line("in the receipt", Token(replay.Recorded));
        Line("in the replay", Token(replay.Replayed));
    }

    private static string Sum(IReadOnlyList<int> counts) =>
        counts.Sum(count => (long)count).ToString(CultureInfo.InvariantCulture);

    private static string Token(ReportedToken? token) =>
        token switch
        {
            null => "token unknown",
            { Text: null } => string.Create(CultureInfo.InvariantCulture, $"token id {token.Id}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"token id {token.Id}, text {JsonText.Quote(token.Text)}"),
        };

    private static string Outcome(CheckResult check) =>
        check.Outcome switch
        {
            CheckOutcome.Passed => "ok",
            CheckOutcome.Failed => "FAILED: " + check.Detail,
            CheckOutcome.NotMet => "NOT MET: " + check.Detail,
            _ => "not checked: " + check.Detail,
        };

    private string Mark(CheckOutcome outcome) =>
        outcome switch
        {
            CheckOutcome.Passed => Coloured("✓", Green),
            CheckOutcome.NotChecked => "–",
            _ => Coloured("✗", Red),
        } + " ";

    private string Coloured(string text, string colour) =>
        isColoured ? $"\u001b[{Bold};{colour}m{text}\u001b[0m" : text;

    private void Line(string name, string value, string mark = Plain) =>
        _text.Append(mark).Append(name.PadRight(NameWidth)).Append(OneLine.Of(value)).Append('\n');
}
