// Asks a server, takes the receipt out of the answer, verifies it, and prints the text that was verified.
//
// dotnet run --project samples/csharp -- http://127.0.0.1:8080 "What is the capital of France?" [KEYFILE]
//
// KEYFILE has the log's verifier key (vkey of GET /v1/receipts/key) that you trust. Without it the server's own key is
// used: it shows that the parts belong together, and not who made them.
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

const string Path = "/v1/chat/completions";

using var http = new HttpClient { BaseAddress = new Uri(args[0]) };
byte[] request = Encoding.UTF8.GetBytes(
    $$"""{"messages":[{"role":"user","content":"{{JsonEncodedText.Encode(args[1])}}"}],"max_tokens":40}"""
);
using HttpResponseMessage response = await http.PostAsync(
    Path,
    new ByteArrayContent(request) { Headers = { { "Content-Type", "application/json" } } }
);
response.EnsureSuccessStatusCode();
byte[] answer = await response.Content.ReadAsByteArrayAsync();
byte[] json =
    AnswerReceipt.Find(answer, AnswerDelivery.Json)
    ?? throw new InvalidOperationException("The answer has no receipt.");
Receipt receipt = Receipt.FromJson(json);

RecordedAnswer recorded = RecordedAnswer.Read(answer, AnswerDelivery.Json, receipt.Salts ?? ReceiptSalts.None);
var evidence = new ReceiptEvidence(receipt)
{
    RequestBody = request,
    RequestPath = Path,
    Output = recorded.Output,
    Delivery = AnswerDelivery.Json,
    HasEnd = recorded.Ended,
    Tokens = recorded.Tokens,
    HasTokens = recorded.HasTokens,
    Prompt = recorded.Prompt,
    HasPrompt = recorded.HasPrompt,
    Unbound = recorded.Unbound,
};
VerificationResult result;
if (args.Length > 2)
{
    result = ReceiptVerifier.Verify(evidence, NoteKey.Parse(File.ReadAllText(args[2]).Trim()));
}
else
{
    using JsonDocument told = JsonDocument.Parse(await http.GetStringAsync("/v1/receipts/key"));
    NoteKey own = NoteKey.Parse(told.RootElement.GetProperty("vkey").GetString()!);
    result = ReceiptVerifier.VerifyUnpinned(evidence, own.Key);
}

Console.WriteLine($"receipt {receipt.ReceiptId}: {result.Summary}");
foreach (CheckResult check in result.Checks)
    Console.WriteLine($"{check.Check, -12}{check.Outcome} {check.Detail}");

// The text is the one that was hashed: the answer is read no second time.
string mark = result.Verdict == Verdict.Valid ? "answer" : "not verified";
if (result.Verdict is Verdict.Valid or Verdict.Untrusted)
{
    foreach (ChannelText text in recorded.Texts.Where(text => text.Channel == "content"))
        Console.WriteLine($"{mark}: {Encoding.UTF8.GetString(text.Text.Span)}");
}
return VerdictExitCode.Of(result.Verdict);
