using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Bundles;

/// <summary>A request as its client sent it.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">The bytes.</param>
internal sealed record RecordedRequest(string Path, ReadOnlyMemory<byte> Body);

/// <summary>An answer as its client received it, after content decoding.</summary>
/// <param name="Delivery">One JSON body, or events.</param>
/// <param name="ContentType">As it was said.</param>
/// <param name="Body">The bytes, with whatever receipt they carry.</param>
internal sealed record RecordedResponse(AnswerDelivery Delivery, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>
/// <c>dis-bundle/2</c>: one JSON file with a receipt and what is needed to check it. Nothing in it is trusted for being
/// in it, least of all the key. It contains the text of request and answer.
/// </summary>
/// <param name="Receipt">The receipt.</param>
internal sealed record ReceiptBundle(Receipt Receipt)
{
    /// <summary>Name and version of the form.</summary>
    public const string Form = "dis-bundle/2";

    /// <summary>Most bytes of a file.</summary>
    public const int MaxBytes = 256 << 20;

    private const string Name = "bundle",
        JsonType = "application/json",
        StreamType = "text/event-stream";

    /// <summary>The client's request; null if it is left out.</summary>
    public RecordedRequest? Request { get; init; }

    /// <summary>The answer; null likewise.</summary>
    public RecordedResponse? Response { get; init; }

    /// <summary>The document of the receipt's environment; null likewise.</summary>
    public InferenceEnvironment? Environment { get; init; }

    /// <summary>
    /// The verifier key of the log that the sender of the bundle names (<see cref="Log.NoteKey"/>). It shows that the
    /// parts belong together, not who made them.
    /// </summary>
    public string? LogKey { get; init; }

    /// <summary>Reads a bundle.</summary>
    /// <exception cref="ReceiptFormatException">
    /// A member is malformed or not known, an object has two of the same name, or
    /// (<see cref="ReceiptFormatException.IsUnknownVersion"/>) it is of another version.
    /// </exception>
    public static ReceiptBundle FromJson(ReadOnlyMemory<byte> utf8)
    {
        using JsonDocument document = JsonFields.Parse(utf8, Name, MaxBytes);
        JsonFields root = JsonFields.Root(document, Name);
        if (root.String("form") != Form)
            throw root.Wrong(
                "form",
                $"is not '{Form}': the file was made by another version, or is of another kind",
                isUnknownVersion: true
            );
        root.RequireOnly("form", "request", "response", "receipt", "environment", "vkey");
        if (root.Object("receipt") is var receipt && receipt.Has("environment"))
            throw receipt.Wrong("environment", "stands in the receipt of a bundle, which has its own");
        return new ReceiptBundle(Receipt.FromJson(root.ObjectText("receipt")))
        {
            Request = root.ObjectIfPresent("request") is { } request ? RequestOf(request) : null,
            Response = root.ObjectIfPresent("response") is { } response ? ResponseOf(response) : null,
            Environment = root.Has("environment") ? EnvironmentDocument.Read(root.ObjectText("environment")) : null,
            LogKey = root.StringIfPresent("vkey"),
        };
    }

    /// <summary>
    /// The same for who may see the answer, but not the request: without it, without its salts, and with those members
    /// of the answer alone that its output consists of. What the output itself repeats of the request stays.
    /// </summary>
    /// <exception cref="ReceiptFormatException">The answer is not JSON.</exception>
    public ReceiptBundle WithoutRequest() =>
        this with
        {
            Receipt = Receipt.WithoutRequest(),
            Request = null,
            Response = Response is null
                ? null
                : Response with
                {
                    Body = SharedAnswer.Of(Response.Body.Span, Response.Delivery),
                },
        };

    /// <summary>The bundle as indented JSON. Bodies that are UTF-8 are written as text, others as base64.</summary>
    public byte[] ToJson() => JsonBytes.WriteIndented(Write);

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("form", Form);
        if (Request is { } request)
        {
            json.WriteStartObject("request");
            json.WriteString("path", request.Path);
            WriteBody(json, request.Body.Span);
            json.WriteEndObject();
        }
        if (Response is { } response)
        {
            json.WriteStartObject("response");
            json.WriteString("delivery", StatementNames.Of(response.Delivery));
            json.WriteString("content_type", response.ContentType);
            WriteBody(json, response.Body.Span);
            json.WriteEndObject();
        }
        json.WritePropertyName("receipt");
        json.WriteRawValue(Receipt.ToJson());
        if (Environment is { } environment)
        {
            json.WritePropertyName("environment");
            json.WriteRawValue(EnvironmentDocument.Write(environment));
        }
        if (LogKey is { } key)
            json.WriteString("vkey", key);
        json.WriteEndObject();
    }

    private static RecordedRequest RequestOf(JsonFields request)
    {
        request.RequireOnly("path", "body", "body_base64");
        return new RecordedRequest(Path(request), Body(request));
    }

    private static RecordedResponse ResponseOf(JsonFields response)
    {
        response.RequireOnly("delivery", "content_type", "body", "body_base64");
        AnswerDelivery delivery = response.Named("delivery", StatementNames.Deliveries);
        string type = response.String("content_type");
        // A reader that goes by the type reads the body as what it says.
        if (type.Split(';')[0].Trim() != (delivery == AnswerDelivery.Json ? JsonType : StreamType))
            throw response.Wrong("content_type", $"is not that of {StatementNames.Of(delivery)}");
        return new RecordedResponse(delivery, type, Body(response));
    }

    private static string Path(JsonFields request)
    {
        string path = request.String("path");
        return CanonicalRequest.Paths.Contains(path)
            ? path
            : throw request.Wrong("path", $"is none of {string.Join(", ", CanonicalRequest.Paths)}");
    }

    private static ReadOnlyMemory<byte> Body(JsonFields fields)
    {
        if (fields.Has("body") == fields.Has("body_base64"))
            throw fields.Wrong("body", "must be there once, as body or as body_base64");
        if (fields.Has("body"))
            return fields.Utf8Text("body");
        return Base64Text.TryDecode(fields.Utf8Text("body_base64").Span, out byte[]? bytes)
            ? bytes
            : throw fields.Wrong("body_base64", "is not base64");
    }

    private static void WriteBody(Utf8JsonWriter json, ReadOnlySpan<byte> body)
    {
        if (Utf8.IsValid(body))
            json.WriteString("body", body);
        else
            json.WriteBase64String("body_base64", body);
    }
}
