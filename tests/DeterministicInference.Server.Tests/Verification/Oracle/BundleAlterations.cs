using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Bundles, receipts in files of their own, and environments.</summary>
internal static class BundleAlterations
{
    private const string EvilBody = """ "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"EVIL\"}}]}" """,
        EvilResponse = $$"""{"delivery":"json","content_type":"application/json","body":{{EvilBody}}}""",
        EvilRequest =
            """{"path":"/v1/chat/completions","body":"{\"messages\":[{\"role\":\"user\",\"content\":\"EVIL\"}]}"}""",
        Evil = "\"EVIL\"";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        .. Of(
            "chat",
            ExchangeForm.Bundle,
            new(
                "response renamed Response, and false",
                Rename("bundle:response", "Response"),
                Set("bundle:Response.body", EvilBody)
            ),
            new("a false Response beside response", Add("bundle:", "Response", EvilResponse)),
            new("a false response before response", Before("bundle:response", EvilResponse)),
            new("a false response behind response", After("bundle:response", EvilResponse)),
            new(
                "a false response with an escape in its name",
                After("bundle:response", EvilResponse, @"re\u0073ponse")
            ),
            new("a false body before the body", Before("bundle:response.body", EvilBody)),
            new(
                "a false body, the true one is Body",
                Rename("bundle:response.body", "Body"),
                Add("bundle:response", "body", EvilBody)
            ),
            new("a Body beside the body", Add("bundle:response", "Body", EvilBody)),
            new("a body_base64 beside the body", Add("bundle:response", "body_base64", "\"e30=\"")),
            new("a false body", Set("bundle:response.body", EvilBody)),
            new("no response", Drop("bundle:response")),
            new("response is null", Set("bundle:response", "null")),
            new(
                "the false answer stands in choices",
                Add("bundle:", "choices", """[{"index":0,"message":{"content":"EVIL"}}]""")
            ),
            new("choices null", Add("bundle:", "choices", "null")),
            new("choices empty", Add("bundle:", "choices", "[]")),
            new("Choices, and false", Add("bundle:", "Choices", """[{"index":0,"message":{"content":"EVIL"}}]""")),
            new("an error in the bundle", Add("bundle:", "error", Evil)),
            new("an unknown member", Add("bundle:", "nobody", Evil)),
            new("an unknown member of the response", Add("bundle:response", "nobody", Evil)),
            new("delivery sse", Set("bundle:response.delivery", "\"sse\"")),
            new("delivery JSON in capitals", Set("bundle:response.delivery", "\"JSON\"")),
            new("no delivery", Drop("bundle:response.delivery")),
            new("another content type", Set("bundle:response.content_type", "\"text/event-stream\"")),
            new("content type text/html", Set("bundle:response.content_type", "\"text/html\"")),
            new("another path", Set("bundle:request.path", "\"/v1/completions\"")),
            new("a path that is none", Set("bundle:request.path", "\"/v1/x\"")),
            new("a second path", Before("bundle:request.path", "\"/v1/completions\"")),
            new("a Path beside the path", Add("bundle:request", "Path", "\"/v1/completions\"")),
            new("no request", Drop("bundle:request")),
            new("a false request before the request", Before("bundle:request", EvilRequest)),
            new("a false Request beside the request", Add("bundle:", "Request", EvilRequest)),
            new(
                "the request is called Request, and false",
                Rename("bundle:request", "Request"),
                Set("bundle:Request", EvilRequest)
            ),
            new("a Body beside the body of the request", Add("bundle:request", "Body", "\"{}\"")),
            new("form twice", Before("bundle:form", "\"dis-bundle/1\"")),
            new("the receipt twice", Before("bundle:receipt", """{"statement":"EVIL"}""")),
            new("a Receipt beside the receipt", Add("bundle:", "Receipt", """{"statement":"EVIL"}""")),
            new("a determinism beside the receipt", Add("bundle:", "determinism", """{"statement":"EVIL"}""")),
            new("a statement beside the receipt", Add("bundle:", "statement", Evil)),
            new("another statement in the receipt", Set("bundle:receipt.statement", Evil)),
            new("a Statement beside the statement", Add("bundle:receipt", "Statement", Evil)),
            new("a second statement", Before("bundle:receipt.statement", Evil)),
            new(
                "a receipt of the first version in the receipt",
                Add("bundle:receipt", "receipt", """{"payload":"EVIL"}""")
            ),
            new("an environment in the receipt", Add("bundle:receipt", "environment", """{"class":"best-effort"}""")),
            new("an honest response beside a false one", Set("bundle:response.body", EvilBody), HonestResponse),
            new("an honest request beside a false one", Set("bundle:request", EvilRequest), HonestRequest),
            new("the class is best-effort", Set("env:class", "\"best-effort\"")),
            new(
                "the class is best-effort, with a reason",
                Set("env:class", "\"best-effort\""),
                Append("env:reasons", Evil)
            ),
            new("a reason", Append("env:reasons", Evil)),
            new("a second class", Before("env:class", "\"best-effort\"")),
            new("a Class beside the class", Add("env:", "Class", "\"best-effort\"")),
            new("Reasons beside the reasons", Add("env:", "Reasons", "[\"EVIL\"]")),
            new("another fact", Set("env:facts.engine%version.value", Evil)),
            new("a fact more", Add("env:facts", "gpu.0.name", """{"value":"H100","source":"measured"}""")),
            new("a fact in other letters", Add("env:facts", "Engine.name", """{"value":"EVIL","source":"measured"}""")),
            new("another source of a fact", Set("env:facts.engine%version.source", "\"measured\"")),
            new(
                "the weakest source moves to another fact",
                Set("env:facts.engine%version.source", "\"measured\""),
                Set("env:facts.engine%name.source", "\"engine-reported\"")
            ),
            new("a Value beside the value of a fact", Add("env:facts.engine%version", "Value", Evil)),
            new("another id of the environment", Set("env:id", Evil)),
            new("an environment with a reason that repeats itself", Set("env:reasons", "[\"a\",\"a\"]")),
            new("no environment", Drop("bundle:environment")),
            new(
                "the environment is called Environment, and false",
                Rename("bundle:environment", "Environment"),
                Set("bundle:Environment.class", "\"best-effort\"")
            ),
            new("another bundle's answer", Set("choices[0].message.content", "\"It is Paris.\""))
        ),
        .. Of(
            "stream",
            ExchangeForm.Bundle,
            new("delivery json", Set("bundle:response.delivery", "\"json\"")),
            new("an event behind the end", EventLast("""{"choices":[{"index":0,"delta":{"content":"EVIL"}}]}""")),
            new("a false JSON answer as the body", Set("bundle:response.body", EvilBody))
        ),
        .. Of(
            "stream-broken",
            ExchangeForm.Separate,
            new(
                "a whole answer for a receipt of a broken one",
                Event(3, """{"choices":[{"index":0,"delta":{"content":" EVIL."},"finish_reason":"stop"}]}""")
            ),
            new("another answer for a receipt of a broken one", Set("e1:choices[0].delta.content", Evil))
        ),
        .. Of(
            "chat",
            ExchangeForm.Separate,
            new("another text", Set("choices[0].message.content", Evil)),
            new("a false receipt in the answer", Set("determinism", """{"statement":"EVIL"}""")),
            new("the receipt has another statement beside it", Add("rec:", "Statement", Evil)),
            new("choices beside the receipt", Add("rec:", "choices", """[{"index":0,"message":{"content":"EVIL"}}]""")),
            new("a response beside the receipt", Add("rec:", "response", EvilResponse)),
            new("a request beside the receipt", Add("rec:", "request", EvilRequest)),
            new("a receipt of the first version beside the receipt", Add("rec:", "receipt", """{"payload":"EVIL"}""")),
            new("the class is best-effort", Set("env:class", "\"best-effort\"")),
            new(
                "another source of a fact",
                Set("env:facts.engine%version.source", "\"measured\""),
                Set("env:facts.engine%name.source", "\"engine-reported\"")
            )
        ),
        .. Of(
            "chat",
            ExchangeForm.Carried,
            new(
                "a false answer with the honest one as --response",
                Set("choices[0].message.content", Evil),
                HonestResponse
            ),
            new(
                "a false answer in a second file",
                Replies("""{"choices":[{"index":0,"message":{"content":"EVIL"},"finish_reason":"stop"}]}""")
            ),
            new("another statement in the receipt", Set("determinism.statement", Evil)),
            new("a second statement in the receipt", Before("determinism.statement", Evil)),
            new("a Statement in the receipt", Add("determinism", "Statement", Evil)),
            new("a receipt in the receipt", Add("determinism", "receipt", """{"payload":"EVIL"}""")),
            new("the receipt twice", Before("determinism", """{"statement":"EVIL"}""")),
            new("an environment in the receipt", Add("determinism", "environment", """{"class":"best-effort"}""")),
            new(
                "an environment with a reason in the receipt",
                Add("determinism", "environment", HonestSigner.EnvironmentText),
                Append("determinism.environment.reasons", Evil)
            ),
            new("Determinism beside determinism", Add("", "Determinism", """{"statement":"EVIL"}"""))
        ),
    ];

    private static Change Replies(string response) => exchange => exchange.OtherResponse = response;

    private static IEnumerable<Alteration> Of(string name, ExchangeForm form, params IEnumerable<Named> cases) =>
        cases.Select(named => new Alteration(named.Name, name, [.. named.Changes]) { Form = form });

    private sealed record Named(string Name, params IReadOnlyList<Change> Changes);
}
