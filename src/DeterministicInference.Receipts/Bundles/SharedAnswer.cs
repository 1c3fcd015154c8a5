using System.Buffers;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Bundles;

/// <summary>
/// An answer for who may see it, but not its request: only the members of which an output and its tokens are read, with
/// <c>model</c>, <c>type</c> of tool calls, <c>id</c>, <c>object</c>, <c>created</c> and <c>usage</c>. Any other may
/// tell the request, as <c>prompt_token_ids</c>, <c>stop_reason</c> and a receipt with its salt do.
/// </summary>
internal static class SharedAnswer
{
    private static readonly JsonReaderOptions Reading = new() { MaxDepth = AnswerReader.MaxDepth };
    private static readonly JsonWriterOptions Writing = new() { SkipValidation = true };

    /// <param name="body">After content decoding: one JSON object, or the events of a stream.</param>
    /// <param name="delivery">Which of them.</param>
    /// <exception cref="ReceiptFormatException">
    /// The answer is not JSON, or no stream that is read in one way.
    /// </exception>
    public static byte[] Of(ReadOnlySpan<byte> body, AnswerDelivery delivery)
    {
        var shared = new ArrayBufferWriter<byte>();
        try
        {
            if (delivery == AnswerDelivery.Json)
                Write(CanonicalJson.WithoutMark(body), delivery, shared);
            else
            {
                var events = new RecordedEvents(body);
                while (events.Next(out ReadOnlySpan<byte> data))
                {
                    shared.Write("data: "u8);
                    Write(data, delivery, shared);
                    shared.Write("\n\n"u8);
                }
                if (events.HasEnd)
                    shared.Write("data: [DONE]\n\n"u8);
            }
        }
        // The second is that of a name with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ReceiptFormatException("answer", "is not JSON");
        }
        catch (CanonicalFormException e)
        {
            throw new ReceiptFormatException("answer", "has no canonical form: " + e.Message.TrimEnd('.'));
        }
        return shared.WrittenSpan.ToArray();
    }

    private static void Write(ReadOnlySpan<byte> text, AnswerDelivery delivery, ArrayBufferWriter<byte> shared)
    {
        using var json = new Utf8JsonWriter(shared, Writing);
        var copy = new Copy(text, delivery, json);
        copy.Value(AnswerObject.Answer);
        copy.End();
    }

    private ref struct Copy(ReadOnlySpan<byte> text, AnswerDelivery delivery, Utf8JsonWriter json)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private readonly bool _isJson = delivery == AnswerDelivery.Json;
        private Utf8JsonReader _reader = new(text, Reading);

        /// <summary>The next value: an object of this kind, or something that says nothing.</summary>
        public void Value(AnswerObject of)
        {
            _reader.Read();
            Current(of);
        }

        public void End()
        {
            if (_reader.Read())
                throw new JsonException();
        }

        private void Current(AnswerObject of)
        {
            if (_reader.TokenType != JsonTokenType.StartObject)
            {
                _reader.Skip();
                json.WriteNullValue();
                return;
            }
            json.WriteStartObject();
            while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = _reader.GetString()!;
                Member(of, AnswerMembers.Of(of, Encoding.UTF8.GetBytes(name)), name);
            }
            json.WriteEndObject();
        }

        private void Member(AnswerObject of, AnswerMember member, string name)
        {
            switch (of, member)
            {
                case (AnswerObject.Answer, AnswerMember.Choices):
                    json.WritePropertyName(name);
                    Elements(_isJson ? AnswerObject.JsonChoice : AnswerObject.EventChoice);
                    break;
                case (_, AnswerMember.ToolCalls):
                    json.WritePropertyName(name);
                    Elements(_isJson ? AnswerObject.JsonTool : AnswerObject.EventTool);
                    break;
                case (_, AnswerMember.Usage):
                    Object(name, AnswerObject.Usage);
                    break;
                case (_, AnswerMember.Extension):
                    Object(name, AnswerObject.Extension);
                    break;
                case (_, AnswerMember.Message):
                    Object(name, AnswerObject.Message);
                    break;
                case (_, AnswerMember.Function or AnswerMember.FunctionCall):
                    Object(name, AnswerObject.Call);
                    break;
                case (_, AnswerMember.Custom):
                    Object(name, AnswerObject.CustomCall);
                    break;
                case (
                    AnswerObject.Answer,
                    AnswerMember.Model
                        or AnswerMember.Id
                        or AnswerMember.Object
                        or AnswerMember.Created
                ):
                case (
                    not AnswerObject.Answer,
                    not (
                        AnswerMember.Other
                        or AnswerMember.Envelope
                        or AnswerMember.PromptTokenIds
                        or AnswerMember.InputIds
                    )
                ):
                    json.WritePropertyName(name);
                    Whole();
                    break;
                default:
                    _reader.Read();
                    _reader.Skip();
                    break;
            }
        }

        private void Object(string name, AnswerObject of)
        {
            json.WritePropertyName(name);
            Value(of);
        }

        private void Elements(AnswerObject of)
        {
            _reader.Read();
            if (_reader.TokenType != JsonTokenType.StartArray)
            {
                _reader.Skip();
                json.WriteNullValue();
                return;
            }
            json.WriteStartArray();
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                Current(of);
            json.WriteEndArray();
        }

        private void Whole()
        {
            _reader.Read();
            int start = (int)_reader.TokenStartIndex;
            _reader.Skip();
            json.WriteRawValue(_text[start..(int)_reader.BytesConsumed], skipInputValidation: true);
        }
    }
}
