using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>Follows an answer in events, to tell one that is complete from one that broke.</summary>
internal sealed class StreamObserver
{
    private readonly HashSet<int> _open = [], _finished = [];

    /// <summary>Whether every choice has said why it ended.</summary>
    public bool IsComplete => _finished.Count > 0 && _open.Count == 0;

    public TokenUsage Usage { get; private set; }

    /// <summary>Takes note of a chunk.</summary>
    /// <returns>The error that the chunk is, or that it makes of the answer; else null.</returns>
    public OpenAIException? Observe(ReadOnlyMemory<byte> chunk)
    {
        try
        {
            if (!Utf8.IsValid(chunk.Span)) throw new JsonException();
            return Read(chunk);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an unpaired surrogate escape in a name.
            return BackendFailures.BadAnswer("its stream has an event that is not a JSON object.");
        }
    }

    private OpenAIException? Read(ReadOnlyMemory<byte> chunk)
    {
        var reader = new Utf8JsonReader(chunk.Span, new JsonReaderOptions { MaxDepth = 512 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        bool isError = false, isAborted = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isUsage = reader.ValueTextEquals("usage"u8), isChoices = reader.ValueTextEquals("choices"u8), mayBeError = reader.ValueTextEquals("error"u8);
            reader.Read();
            isError |= mayBeError && reader.TokenType != JsonTokenType.Null;
            if (isUsage && reader.TokenType == JsonTokenType.StartObject) Usage = TokenUsage.ReadValue(ref reader);
            else if (isChoices && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) isAborted |= ReadChoice(ref reader);
            }
            else reader.Skip();
        }
        reader.Read();
        if (isError) return BackendErrors.ReadEvent(chunk);
        return isAborted ? BackendFailures.BadAnswer("it gave up on the answer.") : null;
    }

    /// <returns>Whether the engine gave up on the choice: <c>abort</c> is how SGLang and vLLM end what they stop early.</returns>
    private bool ReadChoice(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        int index = 0;
        bool isFinished = false, isAborted = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIndex = reader.ValueTextEquals("index"u8), isReason = reader.ValueTextEquals("finish_reason"u8);
            reader.Read();
            if (isIndex && reader.TokenType == JsonTokenType.Number) reader.TryGetInt32(out index);
            if (isReason && reader.TokenType == JsonTokenType.String)
            {
                isFinished = true;
                isAborted = reader.ValueTextEquals("abort"u8) || reader.ValueTextEquals("error"u8);
            }
            reader.Skip();
        }
        if (isFinished)
        {
            _open.Remove(index);
            _finished.Add(index);
        }
        else if (!_finished.Contains(index))
        {
            _open.Add(index);
        }
        return isAborted;
    }
}
