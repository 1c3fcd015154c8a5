using System.Globalization;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Signing;
using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>An alteration with the verdict that is expected.</summary>
/// <param name="Verdict">By docs/determinism.md.</param>
/// <param name="Name">What is done.</param>
/// <param name="Of">The honest exchange.</param>
/// <param name="Changes">The changes, in order.</param>
internal sealed record SealAlteration(string Verdict, string Name, string Of, params IReadOnlyList<Change> Changes)
{
    public Exchange Apply() => new Alteration(Name, Of, [.. Changes]) { Form = ExchangeForm.Bundle }.Apply();

    public override string ToString() => $"{Of}, seal: {Name}";
}

/// <summary>
/// Proofs, checkpoints, keys, salts, trails, statements and bundles. Statements are changed by the one who seals too:
/// a reader has to refuse what the form does not allow, whoever has signed it.
/// </summary>
internal static class SealAlterations
{
    private const string Valid = "VALID",
        Tampered = "TAMPERED",
        Inconclusive = "INCONCLUSIVE",
        Signed = "SIGNED",
        OtherKey = "OTHER KEY",
        OtherVersion = "UNKNOWN VERSION",
        Unusable = "UNUSABLE",
        Incomplete = "INCOMPLETE";

    private const string Zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        Origin = "log.example/1";

    // The lines of a proof of a log of two entries.
    private const int Header = 0,
        Index = 1,
        Hash = 2,
        Name = 4,
        Size = 5,
        Root = 6,
        Signature = 8;

    private static readonly SigningKey Stranger = SigningKey.Create();

    public static IReadOnlyList<SealAlteration> All { get; } =
    [
        .. Of("chat", Proofs()),
        .. Of("chat", Checkpoints()),
        .. Of("chat", Keys()),
        .. Of("chat-ids", Receipts()),
        .. Of("chat-ids", Salts()),
        .. Of("chat", Bundles()),
        .. Of("chat", Environments()),
        .. Of("chat-ids", Statements()),
        .. Of("chat", Requests()),
        .. Of("stream", Streams()),
        new(Incomplete, "nothing changed, and no request", "stream-broken", Drop("bundle:request")),
        new(Tampered, "another environment", "stream-broken", Set("env:facts.engine%version.value", "\"9\"")),
        new(
            Valid,
            "a proof of a large log",
            "stream-logprobs",
            Proven(statement => HonestSigner.ProveIn(statement, 5, 11))
        ),
    ];

    private static IEnumerable<Case> Proofs() =>
        [
            new(Tampered, "index 0", Line(Index, "index 0")),
            new(Tampered, "index 2", Line(Index, "index 2")),
            new(Tampered, "index 3", Line(Index, "index 3")),
            new(Tampered, "index -1", Line(Index, "index -1")),
            new(Tampered, "index with a zero before it", Line(Index, "index 01")),
            new(Tampered, "index with a sign", Line(Index, "index +1")),
            new(Tampered, "index with a space behind it", Line(Index, "index 1 ")),
            new(Tampered, "an index of 80 bits", Line(Index, "index 1208925819614629174706177")),
            new(Tampered, "no index", Proof(lines => lines.RemoveAt(Index))),
            new(Tampered, "the header of another version", Line(Header, "c2sp.org/tlog-proof@v2")),
            new(Tampered, "no header", Proof(lines => lines.RemoveAt(Header))),
            new(Tampered, "no path", Proof(lines => lines.RemoveAt(Hash))),
            new(Tampered, "a path with a hash twice", Proof(lines => lines.Insert(Hash, lines[Hash]))),
            new(Tampered, "a path with one hash more", Proof(lines => lines.Insert(Hash + 1, Zeros))),
            new(Tampered, "another path", Line(Hash, Zeros)),
            new(Tampered, "a hash without padding", Proof(lines => lines[Hash] = lines[Hash].TrimEnd('='))),
            new(Tampered, "a hash of 31 bytes", Line(Hash, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")),
            new(Tampered, "a hash in another spelling", Proof(lines => lines[Hash] = Respelled(lines[Hash]))),
            new(Tampered, "65 hashes", Proof(lines => lines.InsertRange(Hash, Enumerable.Repeat(Zeros, 64)))),
            new(Valid, "extra data", Proof(lines => lines.Insert(Index, "extra AAAA"))),
            new(Tampered, "two lines of extra data", Proof(lines => lines.InsertRange(Index, ["extra A", "extra B"]))),
            new(Tampered, "extra data behind the index", Proof(lines => lines.Insert(Hash, "extra AAAA"))),
            new(Tampered, "no empty line before the checkpoint", Proof(lines => lines.RemoveAt(Hash + 1))),
            new(Tampered, "two empty lines before the checkpoint", Proof(lines => lines.Insert(Hash + 1, ""))),
            new(
                Tampered,
                "line ends of Windows",
                Edit("rec:proof", text => text.Replace("\n", "\r\n", StringComparison.Ordinal))
            ),
            new(Tampered, "a line behind the end", Proof(lines => lines.Add("EVIL"))),
            new(Tampered, "no line end", Edit("rec:proof", text => text.TrimEnd('\n'))),
            new(Tampered, "an empty line behind the end", Edit("rec:proof", text => text + "\n")),
            new(Tampered, "an empty proof", Set("rec:proof", "\"\"")),
            new(Tampered, "a proof that is null", Set("rec:proof", "null")),
            new(Tampered, "no proof", Drop("rec:proof")),
            new(Valid, "a proof of a larger log", Proven(statement => HonestSigner.ProveIn(statement, 2, 3))),
            new(Valid, "a proof of a log of 70", Proven(statement => HonestSigner.ProveIn(statement, 64, 70))),
            new(Valid, "a log of one entry", Proven(statement => HonestSigner.ProveIn(statement, 0, 1))),
            new(
                Tampered,
                "the index of another entry of a larger log",
                Proven(statement => HonestSigner.ProveIn(statement, 5, 11)),
                Line(Index, "index 4")
            ),
            new(Tampered, "a proof of another statement", Proven(_ => HonestSigner.ProveIn("{}", 1, 2))),
        ];

    private static IEnumerable<Case> Checkpoints() =>
        [
            new(Tampered, "another size", Line(Size, "3")),
            new(Tampered, "a size with a zero before it", Line(Size, "02")),
            new(Tampered, "a size that is no number", Line(Size, "two")),
            new(Tampered, "another root", Line(Root, Zeros)),
            new(Tampered, "a root without padding", Proof(lines => lines[Root] = lines[Root].TrimEnd('='))),
            new(Tampered, "a root in another spelling", Proof(lines => lines[Root] = Respelled(lines[Root]))),
            new(Tampered, "no root", Proof(lines => lines.RemoveAt(Root))),
            new(Tampered, "another origin in the text alone", Line(Name, "log.example/2")),
            new(
                OtherKey,
                "another origin in text and signature",
                Edit("rec:proof", text => text.Replace(Origin, "log.example/2", StringComparison.Ordinal))
            ),
            new(Tampered, "another name in the signature alone", SignatureLine(line => line.Replace("/1", "/2"))),
            new(Tampered, "a line more that is not signed", Proof(lines => lines.Insert(Root + 1, "more"))),
            new(
                Valid,
                "a line more that is signed",
                Proven(statement => HonestSigner.ProveIn(statement, 1, 2, "more\n"))
            ),
            new(Tampered, "no signature", Proof(lines => lines.RemoveAt(Signature))),
            new(Tampered, "another signature", SignatureBytes(bytes => bytes[20] ^= 1)),
            new(Tampered, "the signature of another checkpoint", Swapped()),
            new(Tampered, "another key id in the signature", SignatureBytes(bytes => bytes[0] ^= 1)),
            new(Tampered, "a short signature", SignatureLine(line => Shortened(line, 60))),
            new(Tampered, "an empty signature", SignatureLine(line => Shortened(line, 4))),
            new(Tampered, "a signature in another spelling", SignatureLine(Respelled)),
            new(Tampered, "a signature without a name", SignatureLine(line => line.Replace(Origin + " ", ""))),
            new(Tampered, "a hyphen instead of the dash", SignatureLine(line => line.Replace('\u2014', '-'))),
            new(Tampered, "two spaces in the signature", SignatureLine(line => line.Replace("/1 ", "/1  "))),
            new(Tampered, "a word behind the signature", SignatureLine(line => line + " x")),
            new(Valid, "a signature of somebody else behind it", Proof(lines => lines.Insert(Signature + 1, Witness))),
            new(Valid, "a signature of somebody else before it", Proof(lines => lines.Insert(Signature, Witness))),
            new(Valid, "the signature twice", Proof(lines => lines.Insert(Signature, lines[Signature]))),
            new(
                Tampered,
                "a false signature of the log beside the true one",
                Proof(lines => lines.Insert(Signature + 1, Changed(lines[Signature], bytes => bytes[30] ^= 1)))
            ),
            new(
                Valid,
                "a signature of the log's name by another key beside the true one",
                Proof(lines => lines.Insert(Signature + 1, Changed(lines[Signature], bytes => bytes[1] ^= 1)))
            ),
            new(
                Tampered,
                "65 signatures",
                Proof(lines => lines.InsertRange(Signature + 1, Enumerable.Repeat(Witness, 64)))
            ),
            new(
                Valid,
                "64 signatures",
                Proof(lines => lines.InsertRange(Signature + 1, Enumerable.Repeat(Witness, 63)))
            ),
            new(Tampered, "a control character in the text", Line(Name, "log.example/1\u0007")),
        ];

    private static IEnumerable<Case> Keys() =>
        [
            new(OtherKey, "a stranger's key under the log's name", By(Origin, Stranger)),
            new(OtherKey, "a stranger's log", By("evil.example/1", Stranger)),
            new(OtherKey, "the same key under another name", By("log.example/2", null)),
            new(
                Tampered,
                "a stranger's log, and another statement",
                By("evil.example/1", Stranger),
                Edit("rec:statement", text => text.Replace("tiny", "huge", StringComparison.Ordinal))
            ),
            new(
                Tampered,
                "a stranger's log, and another text",
                By("evil.example/1", Stranger),
                Set("choices[0].message.content", "\"EVIL\"")
            ),
            new(OtherKey, "a stranger's log, and no request", By("evil.example/1", Stranger), Drop("bundle:request")),
        ];

    private static IEnumerable<Case> Receipts() =>
        [
            new(Tampered, "another id", Set("rec:receipt_id", "\"6b02bfc02c23b6d6bcff6d3e7a776aa7\"")),
            new(Tampered, "an id in capitals", Edit("rec:receipt_id", text => text.ToUpperInvariant())),
            new(Tampered, "no id", Drop("rec:receipt_id")),
            new(Tampered, "an id that is null", Set("rec:receipt_id", "null")),
            new(Tampered, "no statement", Drop("rec:statement")),
            new(Tampered, "a statement that is no text", Set("rec:statement", "{}")),
            new(Tampered, "a statement that is null", Set("rec:statement", "null")),
            new(Tampered, "a space behind the statement", Edit("rec:statement", text => text + " ")),
            new(Tampered, "the receipt is null", Set("bundle:receipt", "null")),
            new(Tampered, "the receipt is a list", Set("bundle:receipt", "[]")),
            new(Tampered, "the receipt is empty", Set("bundle:receipt", "{}")),
            new(Tampered, "no receipt", Drop("bundle:receipt")),
            new(OtherVersion, "a receipt of the first version", Set("bundle:receipt", """{"receipt":{},"salt":""}""")),
            new(Tampered, "an unknown member of the receipt", Add("rec:", "nobody", "1")),
            new(Tampered, "a member of the receipt twice", After("rec:receipt_id", "\"\"")),
            new(Tampered, "__proto__ in the receipt", Add("rec:", "__proto__", "{}")),
            new(Tampered, "another trail", Edit("rec:trail", text => Zeros[..(text.Length - 4)] + "AAA=")),
            new(Valid, "no trail", Drop("rec:trail")),
            new(Tampered, "a trail that is null", Set("rec:trail", "null")),
            new(Tampered, "an empty trail", Set("rec:trail", "\"\"")),
            new(Tampered, "a trail that is no base64", Set("rec:trail", "\"%%%%\"")),
            new(Tampered, "a shorter trail", Edit("rec:trail", text => text[..4])),
        ];

    private static IEnumerable<Case> Salts() =>
        [
            new(Tampered, "another salt", Set("rec:salt", $"\"{Zeros}\"")),
            new(Inconclusive, "no salt", Drop("rec:salt")),
            new(Inconclusive, "no salt, another text", Drop("rec:salt"), Set("choices[0].message.content", "\"EVIL\"")),
            new(Tampered, "no salt, another model", Drop("rec:salt"), Set("model", "\"EVIL\"")),
            new(Tampered, "no salt, another count", Drop("rec:salt"), Set("usage.total_tokens", "8")),
            new(
                Signed,
                "no salt, request and answer",
                Drop("rec:salt"),
                Drop("bundle:request"),
                Drop("bundle:response")
            ),
            new(Tampered, "a salt that is null", Set("rec:salt", "null")),
            new(Tampered, "an empty salt", Set("rec:salt", "\"\"")),
            new(Tampered, "a salt of 31 bytes", Set("rec:salt", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"")),
            new(Tampered, "a salt without padding", Edit("rec:salt", text => text.TrimEnd('='))),
            new(Tampered, "a salt in another spelling", Edit("rec:salt", Respelled)),
            new(Tampered, "a space behind the salt", Edit("rec:salt", text => text + " ")),
            new(Tampered, "a line end in the salt", Edit("rec:salt", text => text.Insert(8, "\n"))),
            new(
                Valid,
                "a salt in the other alphabet",
                Edit("rec:salt", text => text.Replace('+', '-').Replace('/', '_'))
            ),
            new(Tampered, "a salt beside salts", Add("rec:", "salts", "{}")),
            new(Inconclusive, "salts that are empty", Derived()),
            new(Tampered, "salts that are a list", Derived(), Set("rec:salts", "[]")),
            new(Tampered, "salts that are null", Derived(), Set("rec:salts", "null")),
            new(Valid, "all salts", Derived("request", "output", "logprobs", "tokens", "prompt", "extras")),
            new(Inconclusive, "salts without that of the request", Derived("output", "logprobs", "tokens", "prompt")),
            new(Inconclusive, "salts without that of the output", Derived("request", "tokens", "prompt")),
            new(Inconclusive, "salts of request and output alone", Derived("request", "output")),
            new(Inconclusive, "salts of request and output, other ids", Derived("request", "output"), DropLastId()),
            new(Tampered, "a salt of another label", Derived("request", "output"), Renamed("request", "tokens")),
            new(
                Inconclusive,
                "the salt of the output alone, without the request",
                Derived("output"),
                Drop("bundle:request")
            ),
            new(
                Signed,
                "the salts of output and ids, without the request and its ids",
                Derived("output", "tokens"),
                Drop("bundle:request"),
                Drop("prompt_token_ids")
            ),
            new(
                Signed,
                "the salt of the request alone, without the answer",
                Derived("request"),
                Drop("bundle:response")
            ),
            new(
                Inconclusive,
                "a salt of an unknown label",
                Derived("request", "output"),
                Add("rec:salts", "nobody", $"\"{Zeros}\"")
            ),
            new(Tampered, "a derived salt of 31 bytes", Derived("output"), Set("rec:salts.output", "\"AAAA\"")),
            new(Tampered, "a derived salt that is null", Derived("output"), Set("rec:salts.output", "null")),
        ];

    private static IEnumerable<Case> Bundles() =>
        [
            new(OtherVersion, "the form of an older version", Set("bundle:form", "\"dis-bundle/1\"")),
            new(OtherVersion, "the form of a newer version", Set("bundle:form", "\"dis-bundle/3\"")),
            new(OtherVersion, "an empty form", Set("bundle:form", "\"\"")),
            new(Tampered, "a form that is no text", Set("bundle:form", "2")),
            new(Tampered, "a form that is null", Set("bundle:form", "null")),
            new(Unusable, "no form", Drop("bundle:form")),
            new(Unusable, "a form called Form", Rename("bundle:form", "Form")),
            new(Valid, "a form with an escape in its name", Rename("bundle:form", @"f\u006frm")),
            new(Unusable, "choices beside the form", Add("bundle:", "choices", "[]")),
            new(Unusable, "a statement beside the form", Add("bundle:", "statement", "\"\"")),
            new(Unusable, "an empty file", Text(_ => "")),
            new(Unusable, "a list around the bundle", Text(text => $"[{text}]")),
            new(Unusable, "a bundle that broke off", Text(text => text[..^1])),
            new(Unusable, "a second object behind the bundle", Text(text => text + "{}")),
            new(Unusable, "a comma behind the last member", Text(text => text[..^1] + ",}")),
            new(Unusable, "a comment before the bundle", Text(text => "/**/" + text)),
            new(Unusable, "a control character in a text", Replace("dis-bundle/2", "dis-bundle/2\u0001")),
            new(Unusable, "an escape that is none", Replace("dis-bundle/2", @"dis-bundle/2\x")),
            new(Unusable, "half of a pair in a name", Add("bundle:", @"\ud83d", "1")),
            new(Valid, "white space around the bundle", Text(text => $"\r\n\t {text} \n")),
            new(Valid, "a byte order mark before the bundle", Text(text => "\uFEFF" + text)),
            new(Tampered, "an unknown member that is null", Add("bundle:", "nobody", "null")),
            new(Tampered, "__proto__ in the bundle", Add("bundle:", "__proto__", "{}")),
            new(
                Tampered,
                "members deeper than 64 levels",
                Add("bundle:", "nobody", new string('[', 70) + new string(']', 70))
            ),
            new(
                Unusable,
                "members deeper than 200 levels",
                Add("bundle:", "nobody", new string('[', 200) + new string(']', 200))
            ),
            new(Tampered, "no content type", Drop("bundle:response.content_type")),
            new(
                Valid,
                "a content type with a charset",
                Set("bundle:response.content_type", "\"application/json; charset=utf-8\"")
            ),
            new(Tampered, "a content type in capitals", Set("bundle:response.content_type", "\"Application/JSON\"")),
            new(Tampered, "a delivery that is null", Set("bundle:response.delivery", "null")),
            new(Tampered, "the response is a text", Set("bundle:response", "\"\"")),
            new(Tampered, "no body", Drop("bundle:response.body")),
            new(Tampered, "a body that is null", Set("bundle:response.body", "null")),
            new(Tampered, "a body that is an object", Set("bundle:response.body", "{}")),
            new(Tampered, "an empty body", Set("bundle:response.body", "\"\"")),
            new(Tampered, "half of a pair in the body", Set("bundle:response.body", @"""{}\ud83d""")),
            new(Valid, "the answer in base64", InBase64("bundle:response")),
            new(Valid, "the request in base64", InBase64("bundle:request")),
            new(
                Tampered,
                "base64 with a line end",
                InBase64("bundle:response"),
                Edit("bundle:response.body_base64", text => text + "\n")
            ),
            new(
                Tampered,
                "base64 without padding",
                Set("bundle:request", """{"path":"/v1/chat/completions","body_base64":"e30"}""")
            ),
            new(
                Tampered,
                "a request that is no UTF-8",
                Set("bundle:request", """{"path":"/v1/chat/completions","body_base64":"/w=="}""")
            ),
            new(
                Tampered,
                "an answer that is no UTF-8",
                Set("bundle:response", """{"delivery":"json","content_type":"application/json","body_base64":"e/99"}""")
            ),
            new(Tampered, "the request is null", Set("bundle:request", "null")),
            new(Tampered, "no path", Drop("bundle:request.path")),
            new(Tampered, "a path with a slash behind it", Edit("bundle:request.path", text => text + "/")),
            new(Valid, "no key in the bundle", Drop("bundle:vkey")),
            new(Valid, "another key in the bundle", Set("bundle:vkey", "\"EVIL\"")),
            new(Tampered, "a key in the bundle that is null", Set("bundle:vkey", "null")),
            new(Signed, "no request and no answer", Drop("bundle:request"), Drop("bundle:response")),
            new(Signed, "no answer", Drop("bundle:response")),
            new(
                Tampered,
                "the receipt of another answer in the answer",
                Set("determinism", """{"receipt_id":"6b02bfc02c23b6d6bcff6d3e7a776aa7","statement":"{}","proof":""}""")
            ),
            new(Valid, "no receipt in the answer", Drop("determinism")),
            new(Valid, "null for the receipt in the answer", Set("determinism", "null")),
            new(Tampered, "an empty receipt in the answer", Set("determinism", "{}")),
            new(Tampered, "a number for the receipt in the answer", Set("determinism", "7")),
        ];

    private static IEnumerable<Case> Environments() =>
        [
            new(Tampered, "the environment is null", Set("bundle:environment", "null")),
            new(Tampered, "the environment is empty", Set("bundle:environment", "{}")),
            new(Tampered, "an unknown member of the environment", Add("env:", "nobody", "1")),
            new(Tampered, "an unknown member of a fact", Add("env:facts.engine%name", "nobody", "1")),
            new(
                Valid,
                "members for devices in the environment",
                Add("env:", "model-sha256", "1"),
                Add("env:", "profile", "{}")
            ),
            new(Tampered, "no facts", Drop("env:facts")),
            new(Tampered, "no reasons", Drop("env:reasons")),
            new(Tampered, "no class", Drop("env:class")),
            new(Tampered, "an unknown source", Set("env:facts.engine%name.source", "\"EVIL\"")),
            new(Tampered, "a stronger weakest source", Set("env:facts.engine%version.source", "\"measured\"")),
            new(Tampered, "a weaker weakest source", Set("env:facts.engine%version.source", "\"declared\"")),
            new(
                Valid,
                "a weaker source that is not the weakest",
                Set("env:facts.engine%name.source", "\"engine-reported\"")
            ),
            new(Tampered, "an empty reason", Append("env:reasons", "\"\"")),
            new(Tampered, "a reason that is null", Append("env:reasons", "null")),
            new(Tampered, "a value that is a number", Set("env:facts.engine%version.value", "5")),
            new(Tampered, "half of a pair in a value", Set("env:facts.engine%version.value", @"""\ud83d""")),
            new(Tampered, "a fact with an empty name", Add("env:facts", "", """{"value":"1","source":"measured"}""")),
            new(Tampered, "a fact twice", After("env:facts.engine%name", """{"value":"1","source":"measured"}""")),
            new(Tampered, "an id in capitals", Edit("env:id", text => text.ToUpperInvariant())),
        ];

    private static IEnumerable<Case> Statements() =>
        [
            new(OtherVersion, "another type of statement", Stated("_type", "\"https://in-toto.io/Statement/v2\"")),
            new(
                OtherVersion,
                "the predicate of receipt v2",
                Stated("predicateType", "\"urn:deterministic-inference-server:receipt:v2\"")
            ),
            new(OtherVersion, "another form of the output", Stated("subject.0.name", "\"dis-out/3\"")),
            new(OtherVersion, "another form of the request", Stated("predicate.request.form", "\"dis-req/1\"")),
            new(Tampered, "a type that is no text", Stated("_type", "1")),
            new(Tampered, "no type", Stated("_type", null)),
            new(Tampered, "two subjects", Stated("subject.1", """{"name":"x","digest":{}}""")),
            new(Tampered, "no subject", Stated("subject", "[]")),
            new(Valid, "members that nobody knows", Stated("nobody", "1"), Stated("predicate.nobody", "{\"a\":[]}")),
            new(
                Tampered,
                "a member twice",
                Restated(text => text.Replace("{\"_type\"", "{\"x\":1,\"x\":1,\"_type\"", StringComparison.Ordinal))
            ),
            new(
                Tampered,
                "a member twice, deep in one that nobody knows",
                Stated("nobody", "[{\"a\":1}]"),
                Restated(text => text.Replace("{\"a\":1}", "{\"a\":1,\"\\u0061\":1}", StringComparison.Ordinal))
            ),
            new(Tampered, "a statement that is no JSON", Restated(_ => "EVIL")),
            new(Tampered, "a statement that is a list", Restated(text => $"[{text}]")),
            new(Tampered, "a statement with a byte order mark", Restated(text => "\uFEFF" + text)),
            new(Valid, "white space in the statement", Restated(text => $" {text}\n")),
            new(Tampered, "no id", Stated("predicate.receipt_id", null)),
            new(Tampered, "another id", Stated("predicate.receipt_id", "\"6b02bfc02c23b6d6bcff6d3e7a776aa7\"")),
            new(Tampered, "no time", Stated("predicate.issued_at", null)),
            new(Tampered, "a time with a zone", Stated("predicate.issued_at", "\"2026-11-22T10:11:12+00:00\"")),
            new(Tampered, "a time with a fraction", Stated("predicate.issued_at", "\"2026-11-22T10:11:12.5Z\"")),
            new(Tampered, "a day that is none", Stated("predicate.issued_at", "\"2026-02-30T10:11:12Z\"")),
            new(Valid, "another time", Stated("predicate.issued_at", "\"2027-11-22T10:11:12Z\"")),
            new(Tampered, "complete is a text", Stated("predicate.complete", "\"true\"")),
            new(Tampered, "a whole answer for a statement of a broken one", Stated("predicate.complete", "false")),
            new(Tampered, "a class that is none", Stated("predicate.class", "\"perfect\"")),
            new(Tampered, "another class", Stated("predicate.class", "\"best-effort\"")),
            new(Tampered, "an execution that is none", Stated("predicate.execution", "\"guessed\"")),
            new(Tampered, "a stored answer without its origin", Stated("predicate.execution", "\"memo\"")),
            new(
                Valid,
                "a stored answer",
                Stated("predicate.execution", "\"memo\""),
                Stated("predicate.origin", "\"6b02bfc02c23b6d6bcff6d3e7a776aa7\"")
            ),
            new(
                Tampered,
                "a stored answer with an origin that is no id",
                Stated("predicate.execution", "\"coalesced\""),
                Stated("predicate.origin", "\"6B02\"")
            ),
            new(Tampered, "another path", Stated("predicate.request.path", "\"/v1/completions\"")),
            new(Tampered, "a path that is none", Stated("predicate.request.path", "\"/v1/x\"")),
            new(
                Tampered,
                "another commitment of the request",
                Stated("predicate.request.commitment", $"\"{new string('0', 64)}\"")
            ),
            new(
                Tampered,
                "a commitment in capitals",
                Stated("predicate.request.commitment", $"\"{new string('A', 64)}\"")
            ),
            new(Tampered, "no pins", Stated("predicate.request.pins", null)),
            new(Valid, "empty pins", Stated("predicate.request.pins", "{}")),
            new(Tampered, "a pin that is a number", Stated("predicate.request.pins", "{\"seed\":42}")),
            new(Tampered, "a pin that is no JSON", Stated("predicate.request.pins", "{\"seed\":\"4x\"}")),
            new(Tampered, "a pin with white space", Stated("predicate.request.pins", "{\"seed\":\" 42\"}")),
            new(Tampered, "a pin that is null", Stated("predicate.request.pins", "{\"seed\":\"null\"}")),
            new(Tampered, "a pin that is an object", Stated("predicate.request.pins", "{\"seed\":\"{}\"}")),
            new(
                Tampered,
                "a pin of 201 bytes",
                Stated("predicate.request.pins", $"{{\"seed\":\"{new string('1', 201)}\"}}")
            ),
            new(
                Valid,
                "a pin of 200 bytes",
                Stated("predicate.request.pins", $"{{\"seed\":\"{new string('1', 200)}\"}}")
            ),
            new(
                Tampered,
                "a pin of a member that is not bound",
                Stated("predicate.request.pins", "{\"user\":\"\\\"x\\\"\"}")
            ),
            new(Tampered, "a pin of content", Stated("predicate.request.pins", "{\"messages\":\"1\"}")),
            new(Tampered, "no delivery", Stated("predicate.output.delivery", null)),
            new(Valid, "a stream that is given as one object", Stated("predicate.output.delivery", "\"sse\"")),
            new(Tampered, "other tokens", Stated("predicate.output.tokens.digest", $"\"{new string('0', 64)}\"")),
            new(Tampered, "other counts of tokens", Stated("predicate.output.tokens.counts", "[5]")),
            new(Tampered, "a count that is a text", Stated("predicate.output.tokens.counts", "[\"4\"]")),
            new(Tampered, "a count with a fraction", Stated("predicate.output.tokens.counts", "[4.0]")),
            new(Tampered, "no digest of the trail", Stated("predicate.output.tokens.trail_sha256", null)),
            new(
                Tampered,
                "another digest of the trail",
                Stated("predicate.output.tokens.trail_sha256", $"\"{new string('0', 64)}\"")
            ),
            new(Tampered, "no tokens sealed, and a trail", Stated("predicate.output.tokens", "null")),
            new(Tampered, "no tokens sealed", Stated("predicate.output.tokens", "null"), Drop("rec:trail")),
            new(Tampered, "no member tokens", Stated("predicate.output.tokens", null)),
            new(Tampered, "no prompt sealed", Stated("predicate.output.prompt", "null")),
            new(Tampered, "another prompt", Stated("predicate.output.prompt.digest", $"\"{new string('0', 64)}\"")),
            new(
                Valid,
                "log-probabilities sealed, and none there",
                Stated("predicate.output.logprobs", $"\"{new string('0', 64)}\"")
            ),
            new(Tampered, "log-probabilities that are no hash", Stated("predicate.output.logprobs", "\"\"")),
            new(
                Valid,
                "extras sealed, and none there",
                Stated("predicate.output.extras", $"\"{new string('0', 64)}\"")
            ),
            new(Tampered, "no member extras", Stated("predicate.output.extras", null)),
            new(Tampered, "no model sealed", Stated("predicate.output.model", "null")),
            new(Tampered, "another model", Stated("predicate.output.model", "\"huge\"")),
            new(Tampered, "no counts sealed", Stated("predicate.output.usage", "null")),
            new(Tampered, "a count less", Stated("predicate.output.usage.total_tokens", "null")),
            new(Tampered, "no member of a count", Stated("predicate.output.usage.total_tokens", null)),
            new(Tampered, "another environment", Stated("predicate.environment.id", $"\"{new string('0', 64)}\"")),
            new(Tampered, "another source", Stated("predicate.environment.source", "\"measured\"")),
            new(Tampered, "no model of the server", Stated("predicate.model", null)),
            new(Valid, "a name of the model that is null", Stated("predicate.model.name", "null")),
            new(Tampered, "a name of the model that is a number", Stated("predicate.model.name", "1")),
            new(Tampered, "no name of the model", Stated("predicate.model.name", null)),
            new(Valid, "a version of the weights", Stated("predicate.output.weight_version", "\"step 1\"")),
            new(Tampered, "a version of the weights that is null", Stated("predicate.output.weight_version", "null")),
            new(Valid, "a digest of the model", Stated("predicate.model.sha256", $"\"{new string('a', 64)}\"")),
            new(Tampered, "no member probe", Stated("predicate.probe", null)),
            new(
                Valid,
                "a probe",
                Stated("predicate.probe", """{"verdict":"x","trials":3,"at":"2026-11-21T00:00:00Z"}""")
            ),
            new(Tampered, "a probe without a time", Stated("predicate.probe", """{"verdict":"x","trials":3}""")),
            new(Tampered, "no environment", Stated("predicate.environment", null)),
        ];

    private static IEnumerable<Case> Requests() =>
        [
            new(Inconclusive, "a member more", Add("req:", "nobody", "1")),
            new(
                Inconclusive,
                "ten members more",
                [.. Enumerable.Range(0, 8).Select(i => Add("req:", $"nobody{i}", "1"))]
            ),
            new(
                Tampered,
                "a member more, and another question",
                Add("req:", "nobody", "1"),
                Set("req:messages[0].content", "\"EVIL\"")
            ),
            new(Tampered, "a core member more", Add("req:", "top_p", "0.5")),
            new(Tampered, "a limit more", Add("req:", "max_tokens", "5")),
            new(Inconclusive, "a limit more under a name of an engine", Add("req:", "max_new_tokens", "5")),
            new(
                Tampered,
                "many members more",
                [.. Enumerable.Range(0, 12).Select(i => Add("req:", $"nobody{i}", "1"))]
            ),
            new(
                Valid,
                "members without effect",
                Add("req:", "stream", "7"),
                Add("req:", "tee", "[]"),
                Add("req:", "stop", "[]")
            ),
            new(Valid, "a null more", Add("req:", "nobody", "null")),
            new(Tampered, "a request that is a list", Set("bundle:request.body", "\"[]\"")),
            new(Tampered, "a request that is empty", Set("bundle:request.body", "\"\"")),
            new(Tampered, "half of a pair in a member without effect", Add("req:", "user", @"""\ud83d""")),
            new(Tampered, "a member twice in a member without effect", Add("req:", "user", """{"a":1,"a":1}""")),
            new(
                Tampered,
                "65 levels in a member without effect",
                Add("req:", "user", new string('[', 64) + new string(']', 64))
            ),
            new(
                Valid,
                "64 levels in a member without effect",
                Add("req:", "user", new string('[', 63) + new string(']', 63))
            ),
        ];

    private static IEnumerable<Case> Streams() =>
        [
            new(
                Tampered,
                "a receipt of somebody else behind its own",
                RawBeforeEnd(": dis-receipt {\"statement\":\"EVIL\"}\n")
            ),
            new(
                Tampered,
                "its own receipt twice",
                exchange => exchange.Events!.Parts.Insert(0, StreamPart.Raw($": dis-receipt {exchange.Receipt}\n"))
            ),
            new(
                Tampered,
                "a receipt of somebody else before its own",
                Raw(0, ": dis-receipt {\"statement\":\"EVIL\"}\n")
            ),
            new(
                Tampered,
                "a receipt of somebody else instead of its own",
                exchange => exchange.Events!.Parts[^2] = StreamPart.Raw(": dis-receipt {\"statement\":\"EVIL\"}\n")
            ),
            new(
                Tampered,
                "a receipt that can't be read",
                exchange => exchange.Events!.Parts[^2] = StreamPart.Raw(": dis-receipt EVIL\n")
            ),
            new(
                Valid,
                "no receipt in the stream",
                exchange => exchange.Events!.Parts.RemoveAt(exchange.Events.Parts.Count - 2)
            ),
            new(Inconclusive, "no end", DropEnd),
            new(Inconclusive, "no end, and events less", DropEnd, DropEvent(5), DropEvent(4)),
            new(Tampered, "no end, and another model", DropEnd, Set("e1:model", "\"EVIL\"")),
            new(Tampered, "an event that is no JSON", Raw(2, "data: EVIL\n\n")),
            new(Tampered, "an event that is a list", Raw(2, "data: []\n\n")),
            new(Valid, "an event that is null", Raw(2, "data: null\n\n")),
            new(Valid, "an event without data", Raw(2, "data:\n\n")),
            new(Valid, "a comment and a ping", Raw(2, ":\n: ping\n\nid: 7\n\nretry: 10\nevent: message\n\n")),
            new(Tampered, "an event of another kind", Raw(2, "event: error\n\n")),
            new(Tampered, "a line without a colon", Raw(2, "data\n\n")),
            new(Tampered, "a line with an unknown field", Raw(2, "nobody: 1\n\n")),
        ];

    private static readonly string Witness = $"\u2014 witness.example/1 {Zeros}";

    /// <summary>Changes the lines of the proof.</summary>
    private static Change Proof(Action<List<string>> change) =>
        Edit(
            "rec:proof",
            text =>
            {
                List<string> lines = [.. text.Split('\n')];
                change(lines);
                return string.Join('\n', lines);
            }
        );

    private static Change Line(int number, string text) => Proof(lines => lines[number] = text);

    private static Change SignatureLine(Func<string, string> change) =>
        Proof(lines => lines[Signature] = change(lines[Signature]));

    private static Change SignatureBytes(Action<byte[]> change) => SignatureLine(line => Changed(line, change));

    private static string Changed(string line, Action<byte[]> change)
    {
        int at = line.LastIndexOf(' ') + 1;
        byte[] bytes = Convert.FromBase64String(line[at..]);
        change(bytes);
        return line[..at] + Convert.ToBase64String(bytes);
    }

    private static string Shortened(string line, int length)
    {
        int at = line.LastIndexOf(' ') + 1;
        return line[..at] + Convert.ToBase64String(Convert.FromBase64String(line[at..])[..length]);
    }

    /// <summary>
    /// The last digit before the padding has bits that mean nothing: another digit is the same value.
    /// </summary>
    private static string Respelled(string base64)
    {
        int at = base64.TrimEnd('=').Length - 1;
        const string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        return base64[..at] + digits[digits.IndexOf(base64[at], StringComparison.Ordinal) + 1] + base64[(at + 1)..];
    }

    /// <summary>Gives the receipt another proof of its statement.</summary>
    private static Change Proven(Func<string, string> prove) =>
        exchange =>
            LoosePath
                .Find(exchange.Receipt, "proof")
                .Become(LooseJson.String(prove(LoosePath.Find(exchange.Receipt, "statement").Text)));

    private static Change By(string origin, SigningKey? key) =>
        Proven(statement => HonestSigner.ProveBy(statement, origin, key));

    /// <summary>The true signature of another checkpoint of the log.</summary>
    private static Change Swapped() =>
        exchange => SignatureLine(_ => HonestSigner.ProveIn("{}", 1, 2).Split('\n')[Signature])(exchange);

    /// <summary>Some derived salts instead of the receipt's.</summary>
    private static Change Derived(params string[] labels) =>
        exchange =>
        {
            LooseJson receipt = exchange.Receipt;
            int at = receipt.PlaceOf("salt");
            byte[] salt = Convert.FromBase64String(receipt.Members[at].Value.Text);
            receipt.Members[at] = new LooseMember(
                "salts",
                LooseJson.Object(
                    labels.Select(label => new LooseMember(label, LooseJson.String(HonestSigner.Derive(salt, label))))
                )
            );
        };

    private static Change Renamed(string label, string other) => Rename($"rec:salts.{label}", other);

    private static Change DropLastId() => Set("choices[0].token_ids", "\"EVIL\"");

    private static Change InBase64(string path) =>
        exchange =>
        {
            Edit($"{path}.body", text => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)))(exchange);
            Rename($"{path}.body", "body_base64")(exchange);
        };

    /// <summary>
    /// Sets a member of the statement and seals it; null removes it. The answer's own receipt, which would be another
    /// one, is left out.
    /// </summary>
    private static Change Stated(string path, string? json) =>
        Restated(text =>
        {
            JsonNode statement = JsonNode.Parse(text)!;
            string[] steps = path.Split('.');
            JsonNode holder = statement;
            foreach (string step in steps[..^1])
                holder = holder is JsonArray list
                    ? list[int.Parse(step, CultureInfo.InvariantCulture)]!
                    : holder[step]!;
            JsonNode? value = json is null ? null : JsonNode.Parse(json);
            if (holder is JsonArray items)
                items.Add(value);
            else if (json is null)
                holder.AsObject().Remove(steps[^1]);
            else
                holder[steps[^1]] = value;
            return statement.ToJsonString();
        });

    private static Change Restated(Func<string, string> change) =>
        exchange =>
        {
            HonestSigner.Reseal(exchange.Receipt, change);
            if (exchange.Answer is { } answer && answer.PlaceOf("determinism") is >= 0 and var place)
                answer.Members.RemoveAt(place);
        };

    private static IEnumerable<SealAlteration> Of(string name, IEnumerable<Case> cases) =>
        cases.Select(one => new SealAlteration(one.Verdict, one.Name, name, [.. one.Changes]));

    private sealed record Case(string Verdict, string Name, params IReadOnlyList<Change> Changes);
}
