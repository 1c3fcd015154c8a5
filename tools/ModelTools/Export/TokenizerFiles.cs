using System.Text.Json;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Writes a byte-level BPE tokenizer as <c>tokenizer.json</c> (the schema of Hugging Face's <c>tokenizers</c>) and
/// <c>tokenizer_config.json</c> (that of <c>transformers</c>).
/// </summary>
internal static class TokenizerFiles
{
    /// <summary>
    /// Words with their leading space, single digits, punctuation with its leading space, white space.
    /// </summary>
    public const string SplitPattern = @" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+";

    /// <summary>Renders a conversation: role token, text, end token for every message.</summary>
    public const string ChatTemplate =
        "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|"
        + ">' }}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    /// <summary>Writes both files into an existing folder.</summary>
    /// <param name="folder">Where the model's other files are.</param>
    /// <param name="vocabulary">
    /// The token of each id in <see cref="ByteAlphabet"/>, the first ones <see cref="SpecialTokens"/>.
    /// </param>
    /// <param name="merges">The merges by falling priority, in <see cref="ByteAlphabet"/>.</param>
    public static void Write(
        string folder,
        IReadOnlyList<string> vocabulary,
        IReadOnlyList<(string Left, string Right)> merges
    )
    {
        RequireValid(vocabulary, merges);
        JsonFile.Write(folder, "tokenizer.json", json => WriteTokenizer(json, vocabulary, merges));
        JsonFile.Write(folder, "tokenizer_config.json", WriteConfiguration);
    }

    private static void RequireValid(
        IReadOnlyList<string> vocabulary,
        IReadOnlyList<(string Left, string Right)> merges
    )
    {
        if (
            vocabulary.Count < SpecialTokens.Count
            || !vocabulary.Take(SpecialTokens.Count).SequenceEqual(SpecialTokens.Texts)
        )
        {
            throw new ArgumentException("The vocabulary must begin with the special tokens.", nameof(vocabulary));
        }
        HashSet<string> tokens = new(vocabulary, StringComparer.Ordinal);
        if (tokens.Count != vocabulary.Count)
        {
            throw new ArgumentException("Two ids have the same token.", nameof(vocabulary));
        }
        foreach ((string left, string right) in merges)
        {
            if (!tokens.Contains(left) || !tokens.Contains(right) || !tokens.Contains(left + right))
            {
                throw new ArgumentException(
                    $"The merge of '{left}' and '{right}' needs a token that is missing.",
                    nameof(merges)
                );
            }
        }
    }

    private static void WriteTokenizer(
        Utf8JsonWriter json,
        IReadOnlyList<string> vocabulary,
        IReadOnlyList<(string Left, string Right)> merges
    )
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        WriteAddedTokens(json);
        json.WriteNull("normalizer");
        WritePreTokenizer(json);
        json.WriteNull("post_processor");
        json.WriteStartObject("decoder");
        WriteByteLevel(json);
        json.WriteEndObject();
        WriteModel(json, vocabulary, merges);
        json.WriteEndObject();
    }

    private static void WriteAddedTokens(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < SpecialTokens.Count; id++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            WriteAddedToken(json, id);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteAddedToken(Utf8JsonWriter json, int id)
    {
        json.WriteString("content", SpecialTokens.Texts[id]);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", false);
        json.WriteBoolean("special", true);
    }

    private static void WritePreTokenizer(Utf8JsonWriter json)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", SplitPattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        json.WriteStartObject();
        WriteByteLevel(json);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json)
    {
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", false);
    }

    private static void WriteModel(
        Utf8JsonWriter json,
        IReadOnlyList<string> vocabulary,
        IReadOnlyList<(string Left, string Right)> merges
    )
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (int id = 0; id < vocabulary.Count; id++)
            json.WriteNumber(vocabulary[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach ((string left, string right) in merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteConfiguration(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("added_tokens_decoder");
        for (int id = 0; id < SpecialTokens.Count; id++)
        {
            json.WriteStartObject($"{id}");
            WriteAddedToken(json, id);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteString("bos_token", SpecialTokens.Texts[SpecialTokens.Bos]);
        json.WriteString("chat_template", ChatTemplate);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteString("eos_token", SpecialTokens.Texts[SpecialTokens.End]);
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        json.WriteEndObject();
    }
}
