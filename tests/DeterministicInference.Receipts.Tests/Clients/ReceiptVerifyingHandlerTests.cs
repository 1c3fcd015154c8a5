using System.Text;
using DeterministicInference.Receipts.Clients;
using DeterministicInference.Receipts.Tests.Servers;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Clients;

/// <summary>What the handler makes of answers that no honest server sends; the others need a server.</summary>
public sealed class ReceiptVerifyingHandlerTests : IDisposable
{
    private const string Url = "http://server.example/v1/chat/completions";

    private readonly SampleReceipt _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public async Task An_answer_passes_byte_for_byte()
    {
        (string? answer, Verdict? verdict) = await AskAsync(_ => { });
        Assert.Equal((Answer, Verdict.Valid), (answer, verdict));
    }

    [Fact]
    public async Task A_request_that_was_redirected_to_another_route_is_not_verified()
    {
        var refusal = await Assert.ThrowsAsync<ReceiptVerificationException>(() =>
            AskAsync(response => response.RequestMessage!.RequestUri = new Uri("http://server.example/elsewhere"))
        );
        Assert.Null(refusal.Result);
        Assert.Contains("redirected to another route", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_still_encoded_is_not_verified()
    {
        var refusal = await Assert.ThrowsAsync<ReceiptVerificationException>(() =>
            AskAsync(response => response.Content.Headers.ContentEncoding.Add("br"))
        );
        Assert.Contains("set AutomaticDecompression", refusal.Message, StringComparison.Ordinal);
    }

    private string Answer =>
        $"{SampleReceipt.Answer[..^1]},\"determinism\":{Encoding.UTF8.GetString(_sample.Receipt.ToJson())}}}";

    private async Task<(string Answer, Verdict? Verdict)> AskAsync(Action<HttpResponseMessage> change)
    {
        Verdict? verdict = null;
        var inner = new ScriptedHandler(request =>
        {
            var response = new HttpResponseMessage
            {
                RequestMessage = request,
                Content = new StringContent(Answer, Encoding.UTF8, "application/json"),
            };
            change(response);
            return response;
        });
        using var http = new HttpClient(
            new ReceiptVerifyingHandler(TrustPolicy.OfKeys(_sample.LogKey.ToString()), inner)
            {
                Verified = (_, result) => verdict = result?.Verdict,
            }
        );
        using var body = new StringContent(SampleReceipt.RequestBody);
        using HttpResponseMessage response = await http.PostAsync(Url, body, TestContext.Current.CancellationToken);
        return (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), verdict);
    }
}
