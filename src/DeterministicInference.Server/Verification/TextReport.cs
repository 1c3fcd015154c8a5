using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Json;

namespace DeterministicInference.Server.Verification;

/// <summary>Writes a report as text: the verdict, the receipt, the checks, and the replays.</summary>
internal static class TextReport
{
    private const int NameWidth = 18;

    public static string Write(VerificationReport report)
    {
        var text = new StringBuilder(report.Name);
        if (report.Verdict == Verdict.Valid)
            text.Append(" (not replayed)");
        else if (report.Reason.Length > 0)
            text.Append(": ").Append(OneLine.Of(report.Reason));
        if (report is { KeyPinned: false, KeyId: { } id })
            text.Append($"; key not pinned: {id}");
        text.Append("\n\n");
        if (report.Statement is { } statement)
            WriteStatement(text, statement);
        if (report.KeyId is { } key)
            Line(
                text,
                "key",
                $"{key}, {(report.KeyPinned ? "pinned" : "not pinned: anyone may have made the receipt")}"
            );
        if (report.Checks.Count > 0)
            text.Append('\n');
        foreach (CheckResult check in report.Checks)
            Line(text, CheckNames.ForPeople(check.Check), Outcome(check));
        foreach (WitnessCosignature cosignature in report.Cosignatures)
            Line(
                text,
                "cosigned by",
                $"{cosignature.Witness.Name}, {StatementNames.OfTimestamp(cosignature.Timestamp)}"
            );
        if (report.Replay is { } replay)
            WriteReplay(text, replay);
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void WriteStatement(StringBuilder text, ReceiptStatement statement)
    {
        Line(text, "receipt", statement.ReceiptId);
        Line(text, "issued", StatementNames.Of(statement.IssuedAt));
        Line(text, "model", statement.ModelName);
        Line(
            text,
            "environment",
            $"{statement.EnvironmentId}, {new EnvironmentPromise(statement.Class, statement.EnvironmentSource)}"
        );
    }

    private static void WriteReplay(StringBuilder text, ReplayReport replay)
    {
        text.Append('\n');
        Line(
            text,
            "replay",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{replay.Answers} {(replay.Answers == 1 ? "answer" : "answers")}, {StatementNames.Of(replay.Delivery)}"
            )
        );
        if (replay.EnvironmentId is { } id)
            Line(text, "its environment", $"{id}{(replay.EnvironmentPromise is { } promise ? $", {promise}" : "")}");
        else if (replay.Answers > 0)
            Line(text, "its environment", "unknown");
        foreach (string fact in replay.DifferingFacts)
            Line(text, "differing fact", fact);
        if (replay.Note is { } note)
            Line(text, "note", note);
        if (replay.Difference is not { } difference)
            return;
        Line(text, "first difference", difference.ToString());
        if (difference.Token is null)
            return;
        Line(text, "in the receipt", Token(replay.Recorded));
        Line(text, "in the replay", Token(replay.Replayed));
    }

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

    private static void Line(StringBuilder text, string name, string value) =>
        text.Append(name.PadRight(NameWidth)).Append(OneLine.Of(value)).Append('\n');
}
