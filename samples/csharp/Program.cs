// Asks a server, verifies the answer with its receipt, and prints the texts that were verified, and no other.
//
// dotnet run --project samples/csharp -- http://127.0.0.1:8080 "What is the capital of France?" [KEYFILE] [--stream]
//
// KEYFILE has the log's verifier key (vkey of GET /v1/receipts/key) that you trust. Without it the answer is UNTRUSTED:
// anyone can make a receipt. With - for the question each line of standard input is one.
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;

const string Path = "/v1/chat/completions";

bool isStream = args.Contains("--stream");
string[] given = [.. args.Where(argument => argument != "--stream")];
TrustPolicy policy = given.Length > 2 ? TrustPolicy.OfKeys(File.ReadAllText(given[2])) : TrustPolicy.None;
using var http = new HttpClient { BaseAddress = new Uri(given[0]) };
if (given[1] != "-")
    return await AskAsync(given[1]);
int worst = 0;
while (Console.ReadLine() is { } question)
{
    Console.WriteLine($"? {question}");
    worst = Math.Max(worst, await AskAsync(question));
}
return worst;

async Task<int> AskAsync(string question)
{
    byte[] request = Encoding.UTF8.GetBytes(
        $$"""{"messages":[{"role":"user","content":"{{JsonEncodedText.Encode(question)}}"}],"max_tokens":40"""
            + (isStream ? ",\"stream\":true}" : "}")
    );
    VerificationResult result;
    try
    {
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
        result = ReceiptVerifier.Verify(evidence, policy);
    }
    catch (Exception e) when (e is HttpRequestException or EvidenceException)
    {
        Console.WriteLine($"not verified: {e.Message}");
        return 1;
    }

    Console.WriteLine($"receipt {result.ReceiptId}: {result.Summary}");
    foreach (CheckResult check in result.Checks)
        Console.WriteLine($"{check.Check, -12}{check.Outcome} {check.Detail}");
    // The texts are those that were hashed: the answer is read no second time. There are none unless it is VALID.
    foreach (VerifiedText text in result.Texts.Where(text => text.Channel != "finish"))
        Console.WriteLine($"{(text.Channel == "content" ? "answer" : text.Channel)}: {text.Text}");
    return result.ExitCode;
}
