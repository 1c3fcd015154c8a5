using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>
/// A question to a server and its answer, kept ready to be verified: request, answer and key each in a file.
/// </summary>
/// <param name="server">The server that is asked.</param>
/// <param name="folder">Where the files are written.</param>
internal sealed class AskedQuestion(ReceiptServer server, string folder)
{
    private const string Request = "request.json",
        Key = "key.json";

    /// <summary>The file of the request.</summary>
    public string RequestFile { get; } = Path.Combine(folder, Request);

    /// <summary>The file of the key. One that is there is trusted, and stays as it is.</summary>
    public string KeyFile { get; } = Path.Combine(folder, Key);

    /// <summary>Whether the key was there before.</summary>
    public bool KnowsKey { get; } = File.Exists(Path.Combine(folder, Key));

    /// <summary>The file of the answer.</summary>
    public string AnswerFile { get; private set; } = "";

    /// <summary>The body of a chat with one message.</summary>
    /// <param name="question">The message.</param>
    /// <param name="model">Null for the server's.</param>
    /// <param name="maxTokens">Null for the server's.</param>
    /// <param name="isStream">Whether the answer is to come as a stream.</param>
    public static byte[] Body(string question, string? model, int? maxTokens, bool isStream) =>
        JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            if (model is not null)
                json.WriteString("model", model);
            json.WriteStartArray("messages");
            json.WriteStartObject();
            json.WriteString("role", "user");
            json.WriteString("content", question);
            json.WriteEndObject();
            json.WriteEndArray();
            if (maxTokens is { } most)
                json.WriteNumber("max_tokens", most);
            if (isStream)
                json.WriteBoolean("stream", true);
            // Where two answers part is told by their ids.
            json.WriteBoolean("return_token_ids", true);
            json.WriteEndObject();
        });

    /// <summary>Asks, keeps what came, and verifies it.</summary>
    /// <param name="body">The request.</param>
    /// <param name="delivery">How the answer is to come.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="InputException">A file can't be read, or the folder can't be created.</exception>
    /// <exception cref="NoAnswerException">The server gave no answer, or no key.</exception>
    /// <exception cref="EvidenceException">The answer has no receipt.</exception>
    public async Task<VerificationResult> AskAsync(byte[] body, AnswerDelivery delivery, CancellationToken cancellation)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"--output: {folder} can't be created: {e.Message.TrimEnd('.')}. Give a folder that can be written to."
            );
        }
        ServerAnswer answer = await server.AskAsync(CanonicalRequest.ChatPath, body, delivery, cancellation);
        AnswerFile = Path.Combine(folder, delivery == AnswerDelivery.Json ? "answer.json" : "answer.sse");
        await File.WriteAllBytesAsync(RequestFile, body, cancellation);
        await File.WriteAllBytesAsync(AnswerFile, answer.Body, cancellation);
        if (!KnowsKey)
        {
            byte[] told =
                await server.KeyDocumentAsync(cancellation)
                ?? throw new NoAnswerException(
                    "it has no key, so that it issues no receipts; start it with --receipts inline"
                );
            await File.WriteAllBytesAsync(KeyFile, told, cancellation);
        }
        var evidence = new ReceiptEvidence(answer.Body)
        {
            Request = body,
            RequestPath = CanonicalRequest.ChatPath,
            Name = AnswerFile,
        };
        return await new VerificationSession(evidence, PublicKeyFile.ReadPolicy(KeyFile), server).RunAsync(
            cancellation
        );
    }
}
