using System.Buffers;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>Takes the bound members of one answer or event, in UTF-8, to their channels. Where it throws, some have been taken.</summary>
internal ref struct AnswerReader(ReadOnlySpan<byte> json, AnswerDelivery delivery, OutputHasher output)
{
    private readonly ReadOnlySpan<byte> json = json;
    private readonly AnswerDelivery delivery = delivery;
    private readonly OutputHasher output = output;
    private Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = OutputHasher.MaxDepth });

    /// <exception cref="JsonException">It is not one JSON value, or has too many levels.</exception>
    public void Read()
    {
        reader.Read();
        Require(JsonTokenType.StartObject, CanonicalFormError.NotAnObject, "An answer must be a JSON object, but another value is");
        uint seen = 0;
        while (NextMember())
        {
            if (Is("choices"u8, ref seen, 0)) ReadChoices();
            else if (Is("error"u8, ref seen, 1))
            {
                if (reader.TokenType != JsonTokenType.Null) output.ReportError();
                reader.Skip();
            }
            else reader.Skip();
        }
        // Text after the object is an error of the reader.
        reader.Read();
    }

    private void ReadChoices()
    {
        if (!BeginArray()) return;
        for (int position = 0; NextElement(); position++)
        {
            RequireObject();
            ReadChoice(output.Choice(IndexAhead() ?? position));
        }
    }

    private void ReadChoice(ChoiceOutput choice)
    {
        ReadOnlySpan<byte> message = delivery == AnswerDelivery.Json ? "message"u8 : "delta"u8;
        uint seen = 0;
        while (NextMember())
        {
            if (Is("text"u8, ref seen, 0)) Append(choice[Channel.Text]);
            else if (Is("finish_reason"u8, ref seen, 1)) ReadFinish(choice);
            else if (Is(message, ref seen, 2)) ReadMessage(choice);
            // It was read ahead; a second one would be read differently by different clients.
            else if (Is("index"u8, ref seen, 4)) reader.Skip();
            else if (choice.Logprobs is { } logprobs && Is("logprobs"u8, ref seen, 3)) new LogprobsReader(json, logprobs).Read(ref reader);
            else reader.Skip();
        }
    }

    private void ReadFinish(ChoiceOutput choice)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        bool text = reader.TokenType == JsonTokenType.String;
        choice.Finished = !(text && (reader.ValueTextEquals("abort"u8) || reader.ValueTextEquals("error"u8) || reader.ValueTextEquals(""u8)));
        choice.Finish.Clear();
        Append(choice.Finish);
    }

    private void ReadMessage(ChoiceOutput choice)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        RequireObject();
        ReadOnlySpan<byte> reasoning = HasReasoningContent() ? "reasoning_content"u8 : "reasoning"u8;
        uint seen = 0;
        while (NextMember())
        {
            if (Is("content"u8, ref seen, 0)) Append(choice[Channel.Content]);
            else if (Is(reasoning, ref seen, 1)) Append(choice[Channel.Reasoning]);
            else if (Is("refusal"u8, ref seen, 2)) Append(choice[Channel.Refusal]);
            else if (Is("function_call"u8, ref seen, 3)) ReadFunction(choice[Channel.CallName], choice[Channel.CallArguments], "arguments"u8);
            else if (Is("tool_calls"u8, ref seen, 4)) ReadTools(choice);
            else reader.Skip();
        }
    }

    private void ReadTools(ChoiceOutput choice)
    {
        if (!BeginArray()) return;
        for (int position = 0; NextElement(); position++)
        {
            RequireObject();
            ToolOutput tool = choice.Tool((delivery == AnswerDelivery.Sse ? IndexAhead() : null) ?? position);
            uint seen = 0;
            while (NextMember())
            {
                if (Is("index"u8, ref seen, 2)) reader.Skip();
                else if (Is("function"u8, ref seen, 0)) ReadFunction(tool.Name, tool.Arguments, "arguments"u8);
                else if (Is("custom"u8, ref seen, 1)) ReadFunction(tool.Name, tool.Input, "input"u8);
                else reader.Skip();
            }
        }
    }

    private void ReadFunction(ChannelHash name, ChannelHash arguments, ReadOnlySpan<byte> argumentsMember)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        RequireObject();
        uint seen = 0;
        while (NextMember())
        {
            if (Is("name"u8, ref seen, 0)) Append(name);
            else if (Is(argumentsMember, ref seen, 1)) Append(arguments);
            else reader.Skip();
        }
    }

    /// <summary>A string as it is, nothing for null, any other value as its canonical JSON.</summary>
    private void Append(ChannelHash channel)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        if (reader.TokenType == JsonTokenType.String)
        {
            channel.Append(reader.ValueSpan);
            return;
        }
        var text = new ArrayBufferWriter<byte>();
        CanonicalJson.WriteValue(ref reader, text);
        channel.AppendUtf8(text.WrittenSpan);
    }

    /// <summary>The <c>index</c> of the object that begins here, wherever in it that stands: engines write it first.</summary>
    private readonly int? IndexAhead()
    {
        AnswerReader ahead = this;
        uint seen = 0;
        while (ahead.NextMember())
        {
            if (ahead.Is("index"u8, ref seen, 0))
            {
                if (ahead.reader.TokenType == JsonTokenType.Null) return null;
                return ahead.reader.TokenType == JsonTokenType.Number && ahead.reader.TryGetInt32(out int number) && number >= 0
                    ? number
                    : throw ahead.Error(CanonicalFormError.WrongType, "An index must be an integer from 0, but another value is");
            }
            ahead.reader.Skip();
        }
        return null;
    }

    private readonly bool HasReasoningContent()
    {
        AnswerReader ahead = this;
        while (ahead.NextMember())
        {
            uint seen = 0;
            if (ahead.Is("reasoning_content"u8, ref seen, 0) && ahead.reader.TokenType != JsonTokenType.Null) return true;
            ahead.reader.Skip();
        }
        return false;
    }

    /// <summary>Reads the next name; false at the end of the object.</summary>
    private bool NextMember()
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>False for null, which counts as an array without elements.</summary>
    private readonly bool BeginArray()
    {
        if (reader.TokenType == JsonTokenType.Null) return false;
        Require(JsonTokenType.StartArray, CanonicalFormError.WrongType, "An array is expected, but another value is");
        return true;
    }

    /// <summary>Reads the first token of the next element; false at the end of the array.</summary>
    private bool NextElement()
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>True, and on to the value, if this is the member's name. A second one in an object would be read differently by different clients.</summary>
    private bool Is(ReadOnlySpan<byte> name, ref uint seen, int bit)
    {
        if (!reader.ValueTextEquals(name)) return false;
        if ((seen & 1u << bit) != 0) throw Error(CanonicalFormError.DuplicateName, "A second member of the same name");
        seen |= 1u << bit;
        reader.Read();
        return true;
    }

    private readonly void RequireObject() => Require(JsonTokenType.StartObject, CanonicalFormError.WrongType, "An object is expected, but another value is");

    private readonly void Require(JsonTokenType type, CanonicalFormError error, string what)
    {
        if (reader.TokenType != type) throw Error(error, what);
    }

    private readonly CanonicalFormException Error(CanonicalFormError error, string what) => new(error, what, json, reader.TokenStartIndex);
}
