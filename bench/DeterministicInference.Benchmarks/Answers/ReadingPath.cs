using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Benchmarks.Answers;

/// <summary>
/// What the gateway does with the bytes of an answer before it sends them on, put together without sockets.
/// </summary>
internal static class ReadingPath
{
    /// <summary>Pieces of a stream as a socket gives them.</summary>
    private const int PieceSize = 4096;

    private static readonly ReceiptSalts Salts = ReceiptSalts.Of(new Salt(new byte[Salt.Size]));

    /// <returns>How much is known of the answer, so that nothing is optimised away.</returns>
    public static int Read(AnswerShape shape)
    {
        using var output = new OutputHasher(shape.WantsLogprobs);
        var tokens = new ReportedTokens(Salts);
        var rewriter = new AnswerRewriter(AnswerRules.None, RequestRoute.Chat, hidesTokenIds: true);
        var reader = new AnswerReader(shape.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json, shape.WantsLogprobs);
        if (!shape.IsStream)
        {
            Add(shape.Body);
            return Require(output, tokens);
        }
        var buffer = new EventBuffer();
        foreach (Memory<byte> piece in Pieces(shape.Body))
        {
            piece.CopyTo(buffer.Free);
            buffer.Added(piece.Length);
            while (buffer.TryTake(isLast: false, out StreamEvent next))
            {
                if (RecordedEvents.IsEnd(next.Data.Span))
                    return Require(output, tokens);
                Add(next.Data);
            }
        }
        throw new InvalidOperationException("The stream has no end.");

        void Add(ReadOnlyMemory<byte> json)
        {
            AnswerReading answer = reader.Read(json.Span);
            rewriter.Read(answer);
            output.Append(answer);
            tokens.Append(answer);
        }
    }

    private static int Require(OutputHasher output, ReportedTokens tokens) =>
        output.Finish() is { Finished: true, Choices: var choices }
            ? choices + (tokens.Tokens?.Counts[0] ?? 0)
            : throw new InvalidOperationException("The answer is not complete.");

    private static IEnumerable<Memory<byte>> Pieces(byte[] body)
    {
        for (int at = 0; at < body.Length; at += PieceSize)
            yield return body.AsMemory(at, Math.Min(PieceSize, body.Length - at));
    }
}
