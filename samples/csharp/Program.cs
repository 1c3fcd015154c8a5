// Asks a server, takes the receipt out of the answer and verifies it.
//
// dotnet run --project samples/csharp -- http://127.0.0.1:8080 "What is the capital of France?"
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

using var http = new HttpClient { BaseAddress = new Uri(args[0]) };
byte[] request = Encoding.UTF8.GetBytes(
    $$"""{"messages":[{"role":"user","content":"{{JsonEncodedText.Encode(args[1])}}"}],"max_tokens":40}"""
);
using HttpResponseMessage response = await http.PostAsync(
    "/v1/chat/completions",
    new ByteArrayContent(request) { Headers = { { "Content-Type", "application/json" } } }
);
response.EnsureSuccessStatusCode();
byte[] answer = await response.Content.ReadAsByteArrayAsync();
byte[] json =
    AnswerReceipt.Find(answer, AnswerDelivery.Json)
    ?? throw new InvalidOperationException("The answer has no receipt.");
Receipt receipt = Receipt.FromJson(json);

// A key that comes from the server that signed proves nothing about who that is: get it once, another way, and keep it.
using JsonDocument told = JsonDocument.Parse(await http.GetStringAsync("/v1/receipts/key"));
NoteKey key = NoteKey.Parse(told.RootElement.GetProperty("vkey").GetString()!);

RecordedAnswer recorded = RecordedAnswer.Read(answer, AnswerDelivery.Json, receipt.Salts!);
VerificationResult result = ReceiptVerifier.Verify(
    new ReceiptEvidence(receipt) { RequestBody = request, Output = recorded.Output },
    key
);

using JsonDocument document = JsonDocument.Parse(answer);
JsonElement message = document.RootElement.GetProperty("choices")[0].GetProperty("message");
Console.WriteLine($"answer: {message.GetProperty("content").GetString()}");
Console.WriteLine($"receipt {receipt.ReceiptId}: {result.Summary}");
foreach (CheckResult check in result.Checks)
    Console.WriteLine($"{check.Check, -12}{check.Outcome} {check.Detail}");
return VerdictExitCode.Of(result.Verdict);
