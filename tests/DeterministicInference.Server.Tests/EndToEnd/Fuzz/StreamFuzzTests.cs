using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Engines.Tgi;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>
/// Arbitrary events and errors of an engine are split equally in any pieces, and read without a crash.
/// </summary>
public sealed class StreamFuzzTests
{
    [Fact]
    public void Every_stream_of_the_corpus_is_read()
    {
        Assert.True(Corpus.Streams.Count >= 5);
        for (int i = 0; i < Corpus.Streams.Count; i++)
            Try(Corpus.Streams[i], new FuzzRandom((ulong)i));
    }

    [Fact]
    public void Any_stream_is_cut_the_same_way_in_any_pieces_and_read()
    {
        int count = FuzzSize.Inputs / 2;
        for (int i = 0; i < count; i++)
        {
            var random = new FuzzRandom((ulong)i);
            byte[] stream = new StreamTexts(random).Next();
            try
            {
                Try(stream, random);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Input {i}: {Convert.ToBase64String(stream)}", e);
            }
        }
    }

    private static void Try(byte[] stream, FuzzRandom random)
    {
        List<byte[]> events = Cut(stream, () => stream.Length, out List<byte[]> data);
        Assert.Equal(events, Cut(stream, () => 1 + random.Next(9), out List<byte[]> same));
        Assert.Equal(data, same);
        ReadOnlySpan<byte> mark = "\uFEFF"u8;
        byte[] all = [.. events.SelectMany(bytes => bytes)],
            sent = stream.AsSpan().StartsWith(mark) ? stream[mark.Length..] : stream;
        // An event without a blank line gets one.
        Assert.True(all.AsSpan().SequenceEqual(sent) || all.AsSpan().SequenceEqual([.. sent, .. "\n\n"u8]));

        var rewriter = new AnswerRewriter(TgiAnswers.Rules, RequestRoute.Chat, hidesTokenIds: true);
        foreach (byte[] one in data.Where(one => one.Length > 0))
        {
            Rewrite(rewriter, one);
            AssertError(EngineErrorTranslation.ReadEvent(one, RequestRoute.Chat));
            int status = 400 + random.Next(200);
            AssertError(EngineErrorTranslation.Read(status, one, "text/plain", null, RequestRoute.Completions));
        }
    }

    /// <summary>A rewritten event is one JSON object that needs no further rewriting.</summary>
    private static void Rewrite(AnswerRewriter rewriter, byte[] data)
    {
        try
        {
            AnswerReading answer = new AnswerReader(AnswerDelivery.Sse).Read(data);
            if (!answer.IsObject)
                return;
            rewriter.Read(answer);
            byte[] edited = JsonSplice.Apply(data, rewriter.Edits);
            var again = new AnswerRewriter(TgiAnswers.Rules, RequestRoute.Chat, hidesTokenIds: true);
            again.Read(new AnswerReader(AnswerDelivery.Sse).Read(edited));
            Assert.Equal(0, again.Edits.Length);
            using JsonDocument document = JsonDocument.Parse(
                edited,
                new JsonDocumentOptions { MaxDepth = AnswerReader.MaxDepth }
            );
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
        catch (OpenAIException e)
        {
            AssertError(e);
        }
        catch (CanonicalFormException e)
        {
            Assert.True(IsUnreadable(data), e.Message);
        }
    }

    /// <summary>Unreadable data is not an object, is too deep, or has an invalid name.</summary>
    private static bool IsUnreadable(byte[] data)
    {
        try
        {
            if (!Utf8.IsValid(data))
                return true;
            using JsonDocument document = JsonDocument.Parse(
                data,
                new JsonDocumentOptions { MaxDepth = AnswerReader.MaxDepth }
            );
            RequireNames(document.RootElement);
            return document.RootElement.ValueKind != JsonValueKind.Object;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return true;
        }
    }

    private static void RequireNames(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
                RequireNames(item);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in element.EnumerateObject())
            {
                _ = member.Name;
                RequireNames(member.Value);
            }
        }
    }

    private static void AssertError(OpenAIException error)
    {
        Assert.InRange(error.Status, 400, 599);
        Assert.False(string.IsNullOrWhiteSpace(error.Message));
    }

    /// <summary>All events, and the rest without a blank line last.</summary>
    private static List<byte[]> Cut(byte[] stream, Func<int> pieceSize, out List<byte[]> data)
    {
        var buffer = new EventBuffer();
        List<byte[]> events = [],
            found = [];
        for (int read = 0; read < stream.Length; )
        {
            int size = Math.Min(pieceSize(), stream.Length - read);
            stream.AsSpan(read, size).CopyTo(buffer.Free.Span);
            buffer.Added(size);
            read += size;
            Take(isLast: false);
        }
        Take(isLast: true);
        buffer.End();
        Take(isLast: true);
        data = found;
        return events;

        void Take(bool isLast)
        {
            while (buffer.TryTake(isLast, out StreamEvent next))
            {
                events.Add(next.Bytes.ToArray());
                found.Add(next.Data.ToArray());
            }
        }
    }
}
