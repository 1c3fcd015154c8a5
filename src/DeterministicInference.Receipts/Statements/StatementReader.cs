using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Statements;

/// <summary>
/// Reads a statement. Every member but <c>weight_version</c> is required; members that it does not know are ignored.
/// </summary>
internal static class StatementReader
{
    private const string Name = "statement";

    /// <summary>The statement.</summary>
    /// <exception cref="ReceiptFormatException">
    /// A member is missing or malformed, an object has two of the same name, or
    /// (<see cref="ReceiptFormatException.IsUnknownVersion"/>) it is of another kind or version.
    /// </exception>
    public static ReceiptStatement Read(ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonFields.Parse(utf8, Name);
        JsonFields root = JsonFields.Root(document, Name);
        RequireKnown(root, "_type", ReceiptStatement.Type);
        RequireKnown(root, "predicateType", ReceiptStatement.PredicateType);
        JsonFields subject = root.OnlyObjectOf("subject"),
            predicate = root.Object("predicate");
        JsonFields request = predicate.Object("request"),
            output = predicate.Object("output");
        JsonFields environment = predicate.Object("environment"),
            model = predicate.Object("model");
        RequireKnown(subject, "name", OutputDigest.Form);
        RequireKnown(request, "form", CanonicalRequest.Form);
        AnswerExecution execution = predicate.Named("execution", StatementNames.Executions);
        return new ReceiptStatement
        {
            ReceiptId = Id(predicate, "receipt_id"),
            IssuedAt = predicate.Time("issued_at"),
            Complete = predicate.Boolean("complete"),
            Class = predicate.Named("class", EnvironmentNames.Classes),
            Execution = execution,
            Origin = execution == AnswerExecution.Executed ? null : Id(predicate, "origin"),
            RequestPath = Path(request),
            RequestCommitment = request.Hash("commitment"),
            Pins = Pins(request),
            OutputCommitment = subject.Object("digest").Hash("sha256"),
            Delivery = output.Named("delivery", StatementNames.Deliveries),
            Tokens = Tokens(output, "tokens", hasTrail: true),
            Prompt = Tokens(output, "prompt", hasTrail: false),
            LogprobsCommitment = output.HashOrNull("logprobs"),
            ExtrasCommitment = output.HashOrNull("extras"),
            AnswerModel = output.StringOrNull("model"),
            Usage = Usage(output),
            WeightVersion = output.StringIfPresent("weight_version"),
            EnvironmentId = environment.Hash("id"),
            EnvironmentSource = environment.Named("source", EnvironmentNames.Sources),
            ModelName = model.StringOrNull("name"),
            ModelDigest = model.HashOrNull("sha256"),
            Probe = Probe(predicate),
        };
    }

    private static void RequireKnown(JsonFields fields, string name, string known)
    {
        if (fields.String(name) == known)
            return;
        throw fields.Wrong(
            name,
            $"is not '{known}': the receipt was made by another version, or is of another kind",
            isUnknownVersion: true
        );
    }

    private static string Id(JsonFields fields, string name)
    {
        string id = fields.String(name);
        return id.Length == 32 && id.All(char.IsAsciiHexDigitLower)
            ? id
            : throw fields.Wrong(name, "is not 32 lower-case hexadecimal digits");
    }

    private static TokenBinding? Tokens(JsonFields output, string name, bool hasTrail) =>
        output.ObjectOrNull(name) is { } tokens
            ? new TokenBinding(
                tokens.Hash("digest"),
                tokens.Counts("counts"),
                hasTrail ? tokens.Hash("trail_sha256") : null
            )
            : null;

    private static AnswerUsage? Usage(JsonFields output) =>
        output.ObjectOrNull("usage") is { } usage
            ? new AnswerUsage(
                usage.CountOrNull("prompt_tokens"),
                usage.CountOrNull("completion_tokens"),
                usage.CountOrNull("total_tokens")
            )
            : null;

    private static ProbeRecord? Probe(JsonFields predicate) =>
        predicate.ObjectOrNull("probe") is { } probe
            ? new ProbeRecord(probe.String("verdict"), probe.Count("trials"), probe.Time("at"))
            : null;

    private static string Path(JsonFields request)
    {
        string path = request.String("path");
        return CanonicalRequest.Paths.Contains(path)
            ? path
            : throw request.Wrong("path", $"is none of {string.Join(", ", CanonicalRequest.Paths)}");
    }

    private static RequestPins Pins(JsonFields request)
    {
        try
        {
            return new RequestPins(request.StringMap("pins"));
        }
        catch (ArgumentException)
        {
            throw request.Wrong("pins", "has a member that can't be a pin");
        }
    }
}
