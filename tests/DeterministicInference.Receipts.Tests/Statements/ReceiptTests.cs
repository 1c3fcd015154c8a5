using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Statements;

public sealed class ReceiptTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    [Fact]
    public void The_object_reads_back()
    {
        byte[] json = _sample.Receipt.ToJson();
        Receipt read = Receipt.FromJson(json);
        Assert.Equal(_sample.Receipt.ReceiptId, read.ReceiptId);
        Assert.Equal(_sample.Receipt.Statement.ToArray(), read.Statement.ToArray());
        Assert.Equal(_sample.Receipt.Proof, read.Proof);
        Assert.Equal(_sample.Salts.Root!.Bytes, read.Salts!.Root!.Bytes);
        Assert.Equal(_sample.Tokens.Trail.ToArray(), read.Trail!.Value.ToArray());
        Assert.Equal(json, read.ToJson());
        Assert.Equal(
            ["receipt_id", "statement", "proof", "salt", "trail"],
            JsonNode.Parse(json)!.AsObject().Select(member => member.Key)
        );
        Assert.DoesNotContain((byte)'\n', json);
    }

    [Fact]
    public void Without_secrets_there_is_neither_salt_nor_trail()
    {
        Receipt read = Receipt.FromJson(_sample.Closed.ToJson());
        Assert.Null(read.Salts);
        Assert.Null(read.Trail);
    }

    [Fact]
    public void Without_the_request_the_answer_opens_and_the_request_does_not()
    {
        byte[] json = _sample.Receipt.WithoutRequest().ToJson();
        Receipt read = Receipt.FromJson(json);
        Assert.Equal([SaltLabel.Output, SaltLabel.Logprobs, SaltLabel.Tokens], read.Salts!.Known);
        Assert.NotNull(read.Trail);
        Assert.Null(read.Salts[SaltLabel.Extras]);
        Assert.DoesNotContain(_sample.Salts.Root!.ToBase64(), Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.Equal(json, read.ToJson());
    }

    [Fact]
    public void A_receipt_of_the_first_version_is_called_so()
    {
        ReceiptFormatException e = Assert.Throws<ReceiptFormatException>(() =>
            Receipt.FromJson(
                """{"receipt_id":"x","receipt":{"payloadType":"t","payload":"","signatures":[]}}"""u8.ToArray()
            )
        );
        Assert.True(e.IsUnknownVersion);
    }

    [Fact]
    public void The_trail_is_left_out_of_a_large_object_and_only_then()
    {
        int fits = 0;
        for (int tokens = 5300; tokens < 5900; tokens++)
        {
            byte[] json = WithTokens(tokens).ToJson();
            Assert.True(json.Length <= Receipt.MaxBytes);
            if (Receipt.FromJson(json).Trail is null)
                break;
            fits = json.Length;
        }
        Assert.InRange(fits, Receipt.MaxBytes - 20, Receipt.MaxBytes);
    }

    [Theory]
    [InlineData("\"salt\":\"AAEC", "\"salt\":\"AAEC AAEC")]
    [InlineData("\"salt\":\"", "\"salt\":\"AAAA")]
    [InlineData("\"salt\":", "\"salts\":{\"output\":\"AAAA\"},\"s\":")]
    [InlineData("\"salt\":", "\"salts\":{},\"salt\":")]
    [InlineData("\"receipt_id\"", "\"receipt-id\"")]
    [InlineData("\"statement\":", "\"statement\":{},\"s\":")]
    [InlineData("\"proof\":", "\"proof\":null,\"p\":")]
    public void A_malformed_object_is_refused(string part, string by)
    {
        string json = Encoding.UTF8.GetString(_sample.Receipt.ToJson());
        Assert.Contains(part, json, StringComparison.Ordinal);
        Assert.False(
            Assert
                .Throws<ReceiptFormatException>(() =>
                    Receipt.FromJson(Encoding.UTF8.GetBytes(json.Replace(part, by, StringComparison.Ordinal)))
                )
                .IsUnknownVersion
        );
    }

    public void Dispose() => _sample.Dispose();

    private Receipt WithTokens(int count)
    {
        TokenDigest tokens = SampleReceipt.TokensOf(new uint[count]);
        byte[] statement = StatementWriter.Write(_sample.Statement with { Tokens = TokenBinding.OfChoices(tokens) });
        return new Receipt(_sample.Statement.ReceiptId, statement, _sample.Proof(statement))
        {
            Salts = _sample.Salts,
            Trail = tokens.Trail,
        };
    }
}
