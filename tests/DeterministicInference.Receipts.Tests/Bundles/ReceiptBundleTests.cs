using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Tests.Statements;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Bundles;

public sealed class ReceiptBundleTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    private ReceiptBundle Whole =>
        new(_sample.Receipt)
        {
            Request = new RecordedRequest("/v1/chat/completions", Encoding.UTF8.GetBytes(SampleReceipt.RequestBody)),
            Response = new RecordedResponse(
                AnswerDelivery.Json,
                "application/json",
                Encoding.UTF8.GetBytes(SampleReceipt.Answer)
            ),
            Environment = _sample.Environment,
            LogKey = _sample.LogKey.ToString(),
        };

    [Fact]
    public void What_is_written_is_read()
    {
        ReceiptBundle read = ReceiptBundle.FromJson(Whole.ToJson());
        Assert.Equal(_sample.Receipt.ToJson(), read.Receipt.ToJson());
        Assert.Equal(
            ("/v1/chat/completions", SampleReceipt.RequestBody),
            (read.Request!.Path, Encoding.UTF8.GetString(read.Request.Body.Span))
        );
        Assert.Equal(
            (AnswerDelivery.Json, "application/json", SampleReceipt.Answer),
            (read.Response!.Delivery, read.Response.ContentType, Encoding.UTF8.GetString(read.Response.Body.Span))
        );
        Assert.Equal(_sample.Environment.Id, read.Environment!.Id);
        Assert.Equal(Whole.LogKey, read.LogKey);
        Assert.Equal(Whole.ToJson(), read.ToJson());
    }

    /// <summary>A newer bundle is called so, whatever it has.</summary>
    [Fact]
    public void Another_form_may_have_other_members()
    {
        JsonObject json = JsonNode.Parse(Whole.ToJson())!.AsObject();
        (json["form"], json["new"]) = ("dis-bundle/3", 1);
        Assert.True(
            Assert
                .Throws<ReceiptFormatException>(() =>
                    ReceiptBundle.FromJson(Encoding.UTF8.GetBytes(json.ToJsonString()))
                )
                .IsUnknownVersion
        );
    }

    /// <summary>Receipts and environments have their own rules: what a reader does not know there is ignored.</summary>
    [Fact]
    public void A_member_that_is_not_known_is_refused_within_receipt_and_environment_too()
    {
        foreach (
            string[] path in (string[][])
                [
                    ["receipt", "new"],
                    ["receipt", "environment"],
                    ["environment", "new"],
                ]
        )
        {
            JsonObject json = JsonNode.Parse(Whole.ToJson())!.AsObject();
            json[path[0]]![path[1]] = 1;
            var refusal = Assert.Throws<ReceiptFormatException>(() =>
                ReceiptBundle.FromJson(Encoding.UTF8.GetBytes(json.ToJsonString()))
            );
            Assert.Contains(path[1], refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Only_the_receipt_must_be_there()
    {
        ReceiptBundle read = ReceiptBundle.FromJson(new ReceiptBundle(_sample.Receipt).ToJson());
        Assert.Equal((null, null, null, null), (read.Request, read.Response, read.Environment, read.LogKey));
    }

    /// <summary>Every byte of a body counts: it is hashed.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("efbbbf7b7d0d0a")]
    [InlineData("22005c75d8003f22")]
    [InlineData("f09f9880e280a8")]
    [InlineData("fffe00")]
    [InlineData("eda080")]
    public void Bodies_come_back_byte_by_byte(string hex)
    {
        byte[] body = Convert.FromHexString(hex);
        var bundle = new ReceiptBundle(_sample.Receipt)
        {
            Response = new RecordedResponse(AnswerDelivery.Sse, "text/event-stream", body),
        };
        Assert.Equal(body, ReceiptBundle.FromJson(bundle.ToJson()).Response!.Body.ToArray());
    }

    [Theory]
    [InlineData("form", "\"dis-bundle/1\"", "bundle.form", true)]
    [InlineData("form", "1", "bundle.form", false)]
    [InlineData("form", null, "bundle.form", false)]
    [InlineData("receipt", null, "bundle.receipt", false)]
    [InlineData("receipt", "\"x\"", "bundle.receipt", false)]
    [InlineData("receipt", "{}", "determinism.receipt_id", false)]
    [InlineData("request.path", "\"/v1/embeddings\"", "bundle.request.path", false)]
    [InlineData("request.body", "7", "bundle.request.body", false)]
    [InlineData("request.body", null, "bundle.request.body", false)]
    [InlineData("request.body_base64", "\"AA==\"", "bundle.request.body", false)]
    [InlineData("response.delivery", "\"carrier\"", "bundle.response.delivery", false)]
    [InlineData("response.content_type", null, "bundle.response.content_type", false)]
    [InlineData("environment.id", "\"00\"", "environment.id", false)]
    [InlineData("environment", "[]", "bundle.environment", false)]
    [InlineData("vkey", "null", "bundle.vkey", false)]
    [InlineData("answer", "{}", "bundle.answer", false)]
    [InlineData("Response", "null", "bundle.Response", false)]
    [InlineData("choices", "[]", "bundle.choices", false)]
    [InlineData("request.Body", "\"x\"", "bundle.request.Body", false)]
    [InlineData("request.delivery", "\"json\"", "bundle.request.delivery", false)]
    [InlineData("response.path", "\"/v1/completions\"", "bundle.response.path", false)]
    [InlineData("response.content", "\"x\"", "bundle.response.content", false)]
    public void A_malformed_member_is_named(string path, string? value, string member, bool isUnknownVersion)
    {
        JsonObject json = JsonNode.Parse(Whole.ToJson())!.AsObject();
        string[] names = path.Split('.');
        JsonObject parent = names[..^1].Aggregate(json, (node, name) => node[name]!.AsObject());
        if (value is null)
            parent.Remove(names[^1]);
        else
            parent[names[^1]] = JsonNode.Parse(value);
        ReceiptFormatException e = Assert.Throws<ReceiptFormatException>(() =>
            ReceiptBundle.FromJson(Encoding.UTF8.GetBytes(json.ToJsonString()))
        );
        Assert.Equal((member, isUnknownVersion), (e.Member, e.IsUnknownVersion));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"form":"dis-bundle/2","form":"dis-bundle/2"}""")]
    public void What_is_no_bundle_is_refused(string text) =>
        Assert.Throws<ReceiptFormatException>(() => ReceiptBundle.FromJson(Encoding.UTF8.GetBytes(text)));

    public void Dispose() => _sample.Dispose();
}
