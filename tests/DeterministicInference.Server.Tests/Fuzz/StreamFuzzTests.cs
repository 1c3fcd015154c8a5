using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Proxy;
using Xunit;

namespace DeterministicInference.Server.Tests.Fuzz;

/// <summary>Whatever an engine sends as events or as an error is cut the same way in any pieces, and read without a crash.</summary>
public sealed class StreamFuzzTests
{
    [Fact]
    public void Every_stream_of_the_corpus_is_read()
    {
        Assert.True(Corpus.Streams.Count >= 5);
        for (int i = 0; i < Corpus.Streams.Count; i++) Try(Corpus.Streams[i], new FuzzRandom((ulong)i));
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
        List<byte[]> events = Cut(stream, () => stream.Length);
        Assert.Equal(events, Cut(stream, () => 1 + random.Next(9)));
        Assert.Equal(stream, events.SelectMany(bytes => bytes));

        var scan = new AnswerScan(hidesTokenIds: true);
        foreach (byte[] bytes in events)
        {
            if (EventData.Of(bytes) is not { } data) continue;
            Scan(scan, data);
            AssertError(BackendErrors.ReadEvent(data));
            AssertError(BackendErrors.Read(400 + random.Next(200), data, "text/plain", null));
        }
    }

    /// <summary>What the scan takes out leaves one JSON object, with nothing in it to take out.</summary>
    private static void Scan(AnswerScan scan, ReadOnlyMemory<byte> data)
    {
        try
        {
            if (scan.Read(data) is { } broken) AssertError(broken);
            byte[] edited = JsonSplice.Apply(data.Span, scan.Edits);
            _ = new AnswerScan(hidesTokenIds: true).Read(edited);
            using JsonDocument document = JsonDocument.Parse(edited, new JsonDocumentOptions { MaxDepth = 512 });
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
        catch (JsonException)
        {
            Assert.ThrowsAny<Exception>(() => RequireObject(data));
        }
    }

    /// <summary>What the scan refuses is no object, or has a name that is no text, a choice that is no object, or one of this server's own members twice.</summary>
    private static void RequireObject(ReadOnlyMemory<byte> data)
    {
        if (!Utf8.IsValid(data.Span)) throw new JsonException();
        using JsonDocument document = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = 512 });
        var names = new HashSet<string>();
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (!names.Add(member.Name) && member.Name is "environment" or "determinism") throw new JsonException();
            if (member is { Name: "choices", Value.ValueKind: JsonValueKind.Array })
            {
                foreach (JsonElement choice in member.Value.EnumerateArray()) _ = choice.EnumerateObject().Select(inner => inner.Name).ToList();
            }
        }
    }

    private static void AssertError(OpenAIException error)
    {
        Assert.InRange(error.Status, 400, 599);
        Assert.False(string.IsNullOrWhiteSpace(error.Message));
    }

    /// <summary>All events, and last what is left.</summary>
    private static List<byte[]> Cut(byte[] stream, Func<int> pieceSize)
    {
        var buffer = new EventBuffer();
        var events = new List<byte[]>();
        for (int read = 0; read < stream.Length;)
        {
            int size = Math.Min(pieceSize(), stream.Length - read);
            stream.AsSpan(read, size).CopyTo(buffer.Free.Span);
            buffer.Added(size);
            read += size;
            while (buffer.TryTake(isLast: false, out ReadOnlyMemory<byte> next)) events.Add(next.ToArray());
        }
        while (buffer.TryTake(isLast: true, out ReadOnlyMemory<byte> next)) events.Add(next.ToArray());
        byte[] rest = buffer.TakeRest().ToArray();
        return rest.Length > 0 ? [.. events, rest] : events;
    }
}
