// Asks a server, verifies the answer with its receipt, and prints the text that was verified, and no other.
//
// dotnet run --project samples/csharp -- http://127.0.0.1:8080 "What is the capital of France?" [KEYFILE]
//
// KEYFILE has the log's verifier key (vkey of GET /v1/receipts/key) that you trust. Without it the answer is UNTRUSTED:
// anyone can make a receipt.
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Trust;
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

var evidence = new ReceiptEvidence(await response.Content.ReadAsByteArrayAsync())
{
    Request = request,
    RequestPath = Path,
};
TrustPolicy policy = args.Length > 2 ? TrustPolicy.OfKeys(File.ReadAllText(args[2])) : TrustPolicy.None;
VerificationResult result;
try
{
    result = ReceiptVerifier.Verify(evidence, policy);
}
catch (EvidenceException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

Console.WriteLine($"receipt {result.ReceiptId}: {result.Summary}");
foreach (CheckResult check in result.Checks)
    Console.WriteLine($"{check.Check, -12}{check.Outcome} {check.Detail}");

// These are the texts that were hashed: the answer is read no second time. There are none unless it is VALID.
foreach (VerifiedText text in result.Texts.Where(text => text.Channel == "content"))
    Console.WriteLine($"answer: {text.Text}");
return result.ExitCode;
