using System.Text;
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
        Assert.Equal(_sample.Salt.Bytes, read.Salt!.Bytes);
        Assert.Equal(_sample.Tokens.Trail.ToArray(), read.Trail!.Value.ToArray());
        Assert.Equal(json, read.ToJson());
        Assert.StartsWith(
            """{"receipt_id":"00112233445566778899aabbccddeeff","receipt":{"payloadType":"application/vnd.in-toto+"""
                + """json","payload":""",
            Encoding.UTF8.GetString(json),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain((byte)'\n', json);
    }

    [Fact]
    public void Without_secrets_there_is_neither_salt_nor_trail()
    {
        Receipt read = Receipt.FromJson(_sample.Receipt.WithoutSecrets().ToJson());
        Assert.Null(read.Salt);
        Assert.Null(read.Trail);
    }

    [Fact]
    public void The_trail_is_left_out_of_a_large_object_and_only_then()
    {
        int fits = 0;
        for (int tokens = 5300; tokens < 5500; tokens++)
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
    [InlineData("\"receipt_id\"", "\"receipt-id\"")]
    [InlineData("\"receipt\":{", "\"receipt\":[],\"r\":{")]
    public void A_malformed_object_is_refused(string part, string by)
    {
        string json = Encoding.UTF8.GetString(_sample.Receipt.ToJson());
        Assert.Contains(part, json, StringComparison.Ordinal);
        Assert.Throws<ReceiptFormatException>(() =>
            Receipt.FromJson(Encoding.UTF8.GetBytes(json.Replace(part, by, StringComparison.Ordinal)))
        );
    }

    public void Dispose() => _sample.Dispose();

    private Receipt WithTokens(int count)
    {
        TokenDigest tokens = SampleReceipt.Chain(TokenChain.OfChoices(_sample.Salt), new uint[count]);
        return Receipt.Issue(
            _sample.Statement with
            {
                Tokens = TokenBinding.OfChoices(tokens),
            },
            _sample.Salt,
            tokens.Trail,
            _sample.Key
        );
    }
}
