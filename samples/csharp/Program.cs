// Asks a server, takes the receipt out of the answer, verifies it, and prints what was verified.
//
// dotnet run --project samples/csharp -- http://127.0.0.1:8080 "What is the capital of France?" [KEYFILE] [--stream]
//
// KEYFILE has the log's verifier key (vkey of GET /v1/receipts/key) that you trust. Without it the server's own key is
// used: it shows that the parts belong together, and not who made them. With - for the question each line of standard
// input is one.
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

const string Path = "/v1/chat/completions";

bool isStream = args.Contains("--stream");
AnswerDelivery delivery = isStream ? AnswerDelivery.Sse : AnswerDelivery.Json;
string[] given = [.. args.Where(argument => argument != "--stream")];
NoteKey? trusted = given.Length > 2 ? NoteKey.Parse(File.ReadAllText(given[2]).Trim()) : null;
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
    try
    {
        using HttpResponseMessage response = await http.PostAsync(
            Path,
            new ByteArrayContent(request) { Headers = { { "Content-Type", "application/json" } } }
        );
        response.EnsureSuccessStatusCode();
        return await VerifyAsync(request, await response.Content.ReadAsByteArrayAsync());
    }
    catch (HttpRequestException e)
    {
        return Refuse(Verdict.Unreachable, e);
    }
    // The receipt, the answer or the key can't be read.
    catch (Exception e) when (e is ReceiptFormatException or CanonicalFormException or LogFormatException)
    {
        return Refuse(Verdict.Tampered, e);
    }
}

async Task<int> VerifyAsync(byte[] request, byte[] answer)
{
    byte[] json =
        AnswerReceipt.Find(answer, delivery) ?? throw new ReceiptFormatException("determinism", "is not there");
    Receipt receipt = Receipt.FromJson(json);
    RecordedAnswer recorded = RecordedAnswer.Read(answer, delivery, receipt.Salts ?? ReceiptSalts.None);
    var evidence = new ReceiptEvidence(receipt)
    {
        RequestBody = request,
        RequestPath = Path,
        Output = recorded.Output,
        Delivery = delivery,
        HasEnd = recorded.Ended,
        Tokens = recorded.Tokens,
        HasTokens = recorded.HasTokens,
        Prompt = recorded.Prompt,
        HasPrompt = recorded.HasPrompt,
        Unbound = recorded.Unbound,
    };
    VerificationResult result = trusted is { } key
        ? ReceiptVerifier.Verify(evidence, key)
        : ReceiptVerifier.VerifyUnpinned(evidence, await ServersKeyAsync());

    Console.WriteLine($"receipt {receipt.ReceiptId}: {result.Summary}");
    foreach (CheckResult check in result.Checks)
        Console.WriteLine($"{check.Check, -12}{check.Outcome} {check.Detail}");
    if (result.Verdict is not (Verdict.Valid or Verdict.Untrusted))
        return VerdictExitCode.Of(result.Verdict);
    // The texts are those that were hashed: the answer is read no second time.
    foreach (ChannelText text in recorded.Texts.Where(text => text.Channel != "finish"))
    {
        string name = text.Channel == "content" ? "answer" : text.Channel,
            mark = result.Verdict == Verdict.Valid ? "" : "not verified, ";
        Console.WriteLine($"{mark}{name}: {Encoding.UTF8.GetString(text.Text.Span)}");
    }
    return VerdictExitCode.Of(result.Verdict);
}

async Task<VerificationKey> ServersKeyAsync()
{
    using JsonDocument told = JsonDocument.Parse(await http.GetStringAsync("/v1/receipts/key"));
    return NoteKey.Parse(told.RootElement.GetProperty("vkey").GetString()!).Key;
}

static int Refuse(Verdict verdict, Exception e)
{
    Console.WriteLine($"{VerdictName.Of(verdict)}: {e.Message}");
    return VerdictExitCode.Of(verdict);
}
