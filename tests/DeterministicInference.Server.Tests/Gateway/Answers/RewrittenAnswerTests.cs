using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// Mutated answers: the client gets valid JSON with the content that was hashed, and with the same tokens, or none if
/// they are hidden.
/// </summary>
public sealed class RewrittenAnswerTests
{
    private static readonly ReceiptSalts Salts = ReceiptSalts.Of(Salt.Create());

    [Fact]
    public void What_is_rewritten_says_what_was_hashed()
    {
        int count = LongRun.Times(10_000, 100_000),
            rewritten = 0,
            hidden = 0;
        for (int seed = 0; seed < count; seed++)
        {
            var answer = new MutatedAnswer(seed);
            try
            {
                bool hides = seed % 2 == 0;
                (int edits, bool hasTokens) = Require(answer, hides);
                rewritten += edits > 0 ? 1 : 0;
                hidden += hides && hasTokens ? 1 : 0;
            }
            catch (Exception e) when (e is CanonicalFormException or OpenAIException)
            {
                // Such an answer never reaches a client.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {Encoding.UTF8.GetString(answer.Body)}", e);
            }
        }
        Assert.True(rewritten > count / 8 && hidden > count / 40, $"{rewritten} {hidden}");
    }

    private static (int Edits, bool HasTokens) Require(MutatedAnswer answer, bool hides)
    {
        var rewriter = new AnswerRewriter(AnswerRules.None, RequestRoute.Chat, hides);
        using var sent = new Consumers(answer);
        using var received = new Consumers(answer);
        var reader = new AnswerReader(answer.Delivery, answer.WantsLogprobs);
        int edits = 0;
        foreach (byte[] json in answer.Parts)
        {
            AnswerReading reading = reader.Read(json);
            reading.RequireCanonical();
            if (reading.IsObject)
                rewriter.Read(reading);
            // What is bound of a changed output is what the client gets.
            bool changes = reading.IsObject && rewriter.ChangesOutput;
            byte[] rewrittenJson = reading.IsObject ? JsonSplice.Apply(json, rewriter.Edits) : json;
            sent.Append(changes ? sent.Reader.Read(rewrittenJson) : reading, reading);
            if (!reading.IsObject)
                continue;
            edits += rewriter.Edits.Length;
            using JsonDocument document = JsonDocument.Parse(
                rewrittenJson,
                new JsonDocumentOptions { MaxDepth = AnswerReader.MaxDepth }
            );
            AnswerReading again = received.Reader.Read(rewrittenJson);
            Assert.Equal(0, again.BareNumbers.Length);
            if (hides)
                RequireNoIds(again);
            received.Append(again, again);
        }
        OutputDigest output = sent.Output.Finish();
        Assert.Equal(output, received.Output.Finish());
        if (!hides)
            Assert.Equal(sent.Tokens.Tokens?.Digest, received.Tokens.Tokens?.Digest);
        return (edits, sent.Tokens.Tokens is not null);
    }

    private static void RequireNoIds(scoped in AnswerReading reading)
    {
        foreach (AnswerPart part in reading.Parts)
            Assert.False(part.Kind is >= AnswerPartKind.TokenIds and <= AnswerPartKind.TokenIdList, $"{part.Kind}");
    }

    private sealed class Consumers(MutatedAnswer answer) : IDisposable
    {
        public AnswerReader Reader { get; } = new(answer.Delivery, answer.WantsLogprobs);

        public OutputHasher Output { get; } = new(answer.WantsLogprobs);

        public ReportedTokens Tokens { get; } = new(Salts, answer.ChoicesPerPrompt);

        public void Append(scoped in AnswerReading reading, scoped in AnswerReading ids)
        {
            Output.Append(reading);
            Tokens.Append(ids);
        }

        public void Dispose() => Output.Dispose();
    }
}
