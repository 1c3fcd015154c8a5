using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Statements;

public sealed class StatementTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    [Fact]
    public void The_payload_has_the_documented_form()
    {
        ReceiptStatement s = _sample.Statement;
        string expected = $$$"""
            {"_type":"https://in-toto.io/Statement/v1",
            "subject":[{"name":"dis-out/2","digest":{"sha256":"{{{s.OutputCommitment}}}"}}],
            "predicateType":"urn:deterministic-inference-server:receipt:v3",
            "predicate":{"receipt_id":"6b02bfc02c23b6d6bcff6d3e7a776aa7","issued_at":"2026-11-22T10:11:12Z",
            "complete":true,"class":"deterministic","execution":"executed",
            "request":{"form":"dis-req/2","path":"/v1/chat/completions","commitment":"{{{s.RequestCommitment}}}",
            "pins":{"model":"\"tiny\"","seed":"42"}},
            "output":{"delivery":"json",
            "tokens":{"digest":"{{{s.Tokens!.Digest}}}","counts":[2],"trail_sha256":"{{{s.Tokens.TrailDigest}}}"},
            "prompt":{"digest":"{{{s.Prompt!.Digest}}}","counts":[3]},"logprobs":"{{{s.LogprobsCommitment}}}",
            "extras":"{{{s.ExtrasCommitment}}}","model":"org/tiny",
            "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}},
            "environment":{"id":"{{{s.EnvironmentId}}}","source":"measured"},
            "model":{"name":"tiny","sha256":"{{{s.ModelDigest}}}"},
            "probe":{"verdict":"deterministic","trials":1000,"at":"2026-11-21T00:00:00Z"}
            }}
            """.ReplaceLineEndings("");
        Assert.Equal(expected, Encoding.UTF8.GetString(StatementWriter.Write(s)));
    }

    [Fact]
    public void It_reads_back()
    {
        byte[] payload = StatementWriter.Write(_sample.Statement);
        Assert.Equal(payload, StatementWriter.Write(StatementReader.Read(payload)));
    }

    [Fact]
    public void What_is_optional_is_null()
    {
        ReceiptStatement bare = _sample.Statement with
        {
            Tokens = null,
            Prompt = null,
            LogprobsCommitment = null,
            ExtrasCommitment = null,
            AnswerModel = null,
            Usage = null,
            ModelName = null,
            ModelDigest = null,
            Probe = null,
            Delivery = AnswerDelivery.Sse,
            Class = DeterminismClass.BestEffort,
            EnvironmentSource = FactSource.Declared,
            Execution = AnswerExecution.Memo,
            Origin = new string('a', 32),
        };
        byte[] payload = StatementWriter.Write(bare);
        Assert.Contains(
            "\"delivery\":\"sse\",\"tokens\":null,\"prompt\":null,\"logprobs\":null,\"extras\":null,\"model\":null,\"usage\":null}",
            Encoding.UTF8.GetString(payload),
            StringComparison.Ordinal
        );
        Assert.Equal(payload, StatementWriter.Write(StatementReader.Read(payload)));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(0L, null, 9223372036854775807L)]
    [InlineData(null, 2L, null)]
    public void Counts_may_be_null_each(long? prompt, long? completion, long? total)
    {
        ReceiptStatement statement = _sample.Statement with { Usage = new AnswerUsage(prompt, completion, total) };
        byte[] payload = StatementWriter.Write(statement);
        Assert.Equal(statement.Usage, StatementReader.Read(payload).Usage);
        Assert.Contains(
            $"\"usage\":{{\"prompt_tokens\":{prompt?.ToString() ?? "null"},\"completion_tokens\":"
                + $"{completion?.ToString() ?? "null"},\"total_tokens\":{total?.ToString() ?? "null"}}}",
            Encoding.UTF8.GetString(payload),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Only_the_version_of_weights_may_be_absent_and_is_a_text()
    {
        ReceiptStatement statement = _sample.Statement with { WeightVersion = "step-100" };
        byte[] payload = StatementWriter.Write(statement);
        Assert.Contains(
            "},\"weight_version\":\"step-100\"},",
            Encoding.UTF8.GetString(payload),
            StringComparison.Ordinal
        );
        Assert.Equal("step-100", StatementReader.Read(payload).WeightVersion);
        string number = Encoding.UTF8.GetString(payload).Replace("\"step-100\"", "null", StringComparison.Ordinal);
        Assert.Throws<ReceiptFormatException>(() => StatementReader.Read(Encoding.UTF8.GetBytes(number)));
    }

    /// <summary>A model is any text that an answer can name.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("a\"b\\c/\u0001é😀")]
    public void The_model_of_an_answer_reads_back(string model) =>
        Assert.Equal(
            model,
            StatementReader.Read(StatementWriter.Write(_sample.Statement with { AnswerModel = model })).AnswerModel
        );

    [Fact]
    public void Every_member_is_required_and_typed()
    {
        int members = 0;
        Walk(Parse(), "statement");
        Assert.Equal(43, members);

        // Removes each member in turn, and gives it a value of a wrong type.
        void Walk(JsonNode node, string place)
        {
            if (node is JsonArray array && array[0] is JsonObject first)
                Walk(first, place + "[0]");
            if (node is not JsonObject obj || place.EndsWith(".pins", StringComparison.Ordinal))
                return;
            foreach (string name in obj.Select(member => member.Key).ToArray())
            {
                members++;
                JsonNode? value = obj[name];
                obj.Remove(name);
                AssertRefused(node.Root, $"{place}.{name}");
                obj[name] = JsonValue.Create(-1.5);
                AssertRefused(node.Root, $"{place}.{name}");
                obj[name] = value;
                if (value is not null)
                    Walk(value, $"{place}.{name}");
            }
        }
    }

    [Fact]
    public void Members_it_does_not_know_are_ignored()
    {
        JsonNode statement = Parse();
        statement["new"] = new JsonObject { ["a"] = 1 };
        statement["predicate"]!["output"]!["new"] = 1;
        Assert.Equal(_sample.Statement.OutputCommitment, Read(statement).OutputCommitment);
    }

    [Theory]
    [InlineData("_type")]
    [InlineData("predicateType")]
    [InlineData("subject[0].name")]
    [InlineData("predicate.request.form")]
    public void Another_version_is_told_apart_from_damage(string place)
    {
        JsonNode statement = Parse();
        string[] path = place.Replace("[0]", "", StringComparison.Ordinal).Split('.');
        JsonNode parent = statement;
        foreach (string name in path[..^1])
            parent = parent[name] is JsonArray array ? array[0]! : parent[name]!;
        parent[path[^1]] = "dis-new/2";
        var refusal = Assert.Throws<ReceiptFormatException>(() => Read(statement));
        Assert.True(refusal.IsUnknownVersion);
        Assert.Equal("statement." + place, refusal.Member);
        Assert.Contains("another version", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"complete\":true", "\"complete\":true,\"complete\":true")]
    [InlineData("\"complete\":true", "\"complete\":true,\"x\":{\"a\":1,\"\\u0061\":1}")]
    [InlineData("2026-11-22T10:11:12Z", "2026-11-22 10:11:12Z")]
    [InlineData("2026-11-22T10:11:12Z", "2026-13-22T10:11:12Z")]
    [InlineData("6b02bfc02c23b6d6bcff6d3e7a776aa7", "6B02BFC02C23B6D6BCFF6D3E7A776AA7")]
    [InlineData("/v1/chat/completions", "/v1/embeddings")]
    [InlineData("\"executed\"", "\"dreamt\"")]
    [InlineData("\"executed\"", "\"memo\"")]
    [InlineData("\"seed\":\"42\"", "\"messages\":\"42\"")]
    [InlineData("\"seed\":\"42\"", "\"seed\":\"null\"")]
    [InlineData("\"seed\":\"42\"", "\"seed\":42")]
    [InlineData("\"prompt_tokens\":3", "\"prompt_tokens\":-3")]
    [InlineData("\"completion_tokens\":2", "\"completion_tokens\":2.0")]
    [InlineData("\"total_tokens\":5", "\"total_tokens\":9223372036854775808")]
    [InlineData("\"total_tokens\":5", "\"total_tokens\":\"5\"")]
    [InlineData("\"total_tokens\":5", "\"total_tokens\":5,\"total_tokens\":5")]
    [InlineData("\"model\":\"org/tiny\"", "\"model\":\"\\ud83d\"")]
    [InlineData("\"usage\":{", "\"usage\":[],\"u\":{")]
    [InlineData("\"counts\":[2]", "\"counts\":[-2]")]
    [InlineData("\"counts\":[2]", "\"counts\":[2.0]")]
    [InlineData("\"counts\":[2]", "\"counts\":[4294967296]")]
    [InlineData("{\"_type\"", "\uFEFF{\"_type\"")]
    public void A_malformed_statement_is_refused(string part, string by)
    {
        string payload = Encoding.UTF8.GetString(StatementWriter.Write(_sample.Statement));
        Assert.Contains(part, payload, StringComparison.Ordinal);
        var refusal = Assert.Throws<ReceiptFormatException>(() =>
            StatementReader.Read(Encoding.UTF8.GetBytes(payload.Replace(part, by, StringComparison.Ordinal)))
        );
        Assert.False(refusal.IsUnknownVersion);
    }

    public void Dispose() => _sample.Dispose();

    private JsonNode Parse() => JsonNode.Parse(StatementWriter.Write(_sample.Statement))!;

    private static ReceiptStatement Read(JsonNode statement) =>
        StatementReader.Read(Encoding.UTF8.GetBytes(statement.ToJsonString()));

    private static void AssertRefused(JsonNode statement, string place)
    {
        var refusal = Assert.Throws<ReceiptFormatException>(() => Read(statement));
        Assert.Equal(place, refusal.Member);
    }
}
