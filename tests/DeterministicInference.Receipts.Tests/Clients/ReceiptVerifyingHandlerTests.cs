using System.Text;
using DeterministicInference.Receipts.Clients;
using DeterministicInference.Receipts.Tests.Servers;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Clients;

/// <summary>What the handler makes of answers that only a scripted server sends.</summary>
public sealed class ReceiptVerifyingHandlerTests : IDisposable
{
    private const string Json = "Content-Type: application/json\r\n";

    private readonly SampleReceipt _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public async Task An_answer_passes_byte_for_byte()
    {
        (string answer, Verdict? verdict) = await AskAsync(_ => ScriptedServer.Answer(200, Json, Answer));
        Assert.Equal((Answer, Verdict.Valid), (answer, verdict));
    }

    /// <summary>The framework's handler follows redirects by itself.</summary>
    [Fact]
    public async Task A_request_that_was_redirected_to_another_route_is_not_verified()
    {
        var refusal = await Assert.ThrowsAsync<ReceiptVerificationException>(() =>
            AskAsync(path =>
                path == "/elsewhere"
                    ? ScriptedServer.Answer(200, Json, Answer)
                    : ScriptedServer.Answer(307, "Location: /elsewhere\r\n", "")
            )
        );
        Assert.Null(refusal.Result);
        Assert.Contains("redirected to another route", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_still_encoded_is_not_verified()
    {
        var refusal = await Assert.ThrowsAsync<ReceiptVerificationException>(() =>
            AskAsync(_ => ScriptedServer.Answer(200, $"{Json}Content-Encoding: br\r\n", Answer))
        );
        Assert.Contains("set AutomaticDecompression", refusal.Message, StringComparison.Ordinal);
    }

    private string Answer =>
        $"{SampleReceipt.Answer[..^1]},\"determinism\":{Encoding.UTF8.GetString(_sample.Receipt.ToJson())}}}";

    private async Task<(string Answer, Verdict? Verdict)> AskAsync(Func<string, string> script)
    {
        Verdict? verdict = null;
        await using var server = new ScriptedServer(script);
        using var http = new HttpClient(
            new ReceiptVerifyingHandler(TrustPolicy.OfKeys(_sample.LogKey.ToString()), new HttpClientHandler())
            {
                Verified = (_, result) => verdict = result?.Verdict,
            }
        );
        using var body = new StringContent(SampleReceipt.RequestBody);
        using HttpResponseMessage response = await http.PostAsync(
            $"{server.Url}/v1/chat/completions",
            body,
            TestContext.Current.CancellationToken
        );
        return (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), verdict);
    }
}
