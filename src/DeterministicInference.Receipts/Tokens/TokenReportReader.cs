using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Tokens;

/// <summary>Takes the token ids of one answer or event to their chains.</summary>
internal ref struct TokenReportReader(ReadOnlySpan<byte> json, ReportedTokens tokens)
{
    private readonly ReportedTokens tokens = tokens;
    private Utf8JsonReader reader = CanonicalJson.Reader(json, OutputHasher.MaxDepth);

    /// <summary>False if something stands where ids are reported that is not ids, or is reported twice.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public bool Read()
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
        bool fine = true;
        uint seen = 0;
        while (NextMember())
        {
            if (Is("choices"u8, ref seen, 0, ref fine)) fine &= ReadChoices();
            else if (Is("prompt_token_ids"u8, ref seen, 1, ref fine)) fine &= ReadPrompt(choice: 0);
            else if (Is("sglext"u8, ref seen, 2, ref fine)) fine &= ReadExtension();
            else if (Is("usage"u8, ref seen, 3, ref fine)) ReadUsage();
            else reader.Skip();
        }
        // Text after the object is an error of the reader.
        reader.Read();
        return fine;
    }

    private bool ReadChoices()
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Skipped(isFine: reader.TokenType == JsonTokenType.Null);
        bool fine = true;
        for (int position = 0; NextElement(); position++)
        {
            if (reader.TokenType != JsonTokenType.StartObject) return Skipped(isFine: false);
            if (!TryIndexAhead(position, out int index)) return Skipped(isFine: false);
            fine &= ReadChoice(index);
        }
        return fine;
    }

    private bool ReadChoice(int choice)
    {
        tokens.See(choice);
        bool fine = true, hasText = false, hasIds = false, isFinished = false;
        uint seen = 0;
        while (NextMember())
        {
            if (Is("token_ids"u8, ref seen, 0, ref fine))
            {
                hasIds = reader.TokenType == JsonTokenType.StartArray;
                fine &= ReadTokens(choice);
            }
            else if (Is("prompt_token_ids"u8, ref seen, 1, ref fine)) fine &= ReadPrompt(choice);
            else if (Is("finish_reason"u8, ref seen, 2, ref fine))
            {
                isFinished = reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else if (Is("text"u8, ref seen, 3, ref fine)) hasText |= SkipText();
            else if (Is("delta"u8, ref seen, 4, ref fine)) hasText |= HasText();
            else reader.Skip();
        }
        if (hasText && !hasIds && !isFinished) tokens.SeeTextAlone(choice);
        return fine;
    }

    private bool ReadTokens(int choice)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Skipped(isFine: reader.TokenType == JsonTokenType.Null);
        bool counts = tokens.BeginChoice(choice), fine = true;
        while (NextElement())
        {
            if (!TryId(out uint id)) fine = false;
            else if (counts) tokens.AddToken(choice, id);
        }
        return fine;
    }

    private bool ReadPrompt(int choice)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Skipped(isFine: reader.TokenType == JsonTokenType.Null);
        bool counts = tokens.BeginPrompt(choice, out int prompt), fine = true;
        while (NextElement())
        {
            if (!TryId(out uint id)) fine = false;
            else if (counts) tokens.AddPromptToken(prompt, id);
        }
        return fine;
    }

    private bool ReadExtension()
    {
        if (reader.TokenType != JsonTokenType.StartObject) return Skipped(isFine: true);
        bool fine = true;
        uint seen = 0;
        while (NextMember())
        {
            if (Is("output_ids"u8, ref seen, 0, ref fine)) fine &= ReadOutputs();
            else if (Is("input_ids"u8, ref seen, 1, ref fine)) fine &= ReadPrompt(choice: 0);
            else reader.Skip();
        }
        return fine;
    }

    private bool ReadOutputs()
    {
        if (reader.TokenType != JsonTokenType.StartArray) return Skipped(isFine: reader.TokenType == JsonTokenType.Null);
        bool fine = true;
        for (int choice = 0; NextElement(); choice++)
        {
            if (reader.TokenType != JsonTokenType.StartArray) return Skipped(isFine: false);
            bool counts = tokens.BeginExtension(choice);
            while (NextElement())
            {
                if (!TryId(out uint id)) fine = false;
                else if (counts) tokens.AddToken(choice, id);
            }
        }
        return fine;
    }

    private void ReadUsage()
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (NextMember())
        {
            bool matches = reader.ValueTextEquals("completion_tokens"u8);
            reader.Read();
            if (matches && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count)) tokens.Count(count);
            reader.Skip();
        }
    }

    /// <summary>The <c>index</c> of the object that begins here, wherever in it that stands; its position where there is none.</summary>
    private readonly bool TryIndexAhead(int position, out int index)
    {
        TokenReportReader ahead = this;
        index = position;
        while (ahead.NextMember())
        {
            bool matches = ahead.reader.ValueTextEquals("index"u8);
            ahead.reader.Read();
            if (matches) return ahead.reader.TokenType == JsonTokenType.Null || (ahead.reader.TokenType == JsonTokenType.Number && ahead.reader.TryGetInt32(out index) && index >= 0);
            ahead.reader.Skip();
        }
        return true;
    }

    /// <summary>Is there text in the <c>delta</c> that begins here?</summary>
    private bool HasText()
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }
        bool hasText = false;
        while (NextMember())
        {
            bool matches = reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8);
            reader.Read();
            bool isText = SkipText();
            hasText |= matches && isText;
        }
        return hasText;
    }

    private bool SkipText()
    {
        bool isText = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0;
        reader.Skip();
        return isText;
    }

    /// <summary>A token of the width that is hashed.</summary>
    private bool TryId(out uint id)
    {
        id = 0;
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt32(out id)) return true;
        reader.Skip();
        return false;
    }

    private bool Skipped(bool isFine)
    {
        reader.Skip();
        return isFine;
    }

    private bool NextMember()
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    private bool NextElement()
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>True, and on to the value, if this is the member's name; not fine if it is the second of the name.</summary>
    private bool Is(ReadOnlySpan<byte> name, ref uint seen, int bit, ref bool fine)
    {
        if (!reader.ValueTextEquals(name)) return false;
        fine &= (seen & 1u << bit) == 0;
        seen |= 1u << bit;
        reader.Read();
        return true;
    }
}
