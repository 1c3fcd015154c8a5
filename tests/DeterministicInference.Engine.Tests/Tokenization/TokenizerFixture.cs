using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Engine.Tests.Tokenization;

/// <summary>
/// Small tokenizers in Hugging Face's <c>tokenizer.json</c> format, written by hand so that a test can change any part.
/// </summary>
internal static class TokenizerFixture
{
    /// <summary>The split of Llama 3.</summary>
    public const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The tokens before special ones: 256 bytes, the merges, "Hello".</summary>
    public const int ByteLevelWords = 282;

    // Bytes that two merged symbols stand for. Those of 0x80 and 0xF0 join characters outside the basic plane, so that
    // a wrong split between them shows.
    private static readonly (byte[] Left, byte[] Right)[] ByteMerges =
    [
        .. new (string, string)[]
        {
            ("h", "e"),
            ("t", "he"),
            (" ", "the"),
            ("i", "n"),
            ("in", "g"),
            (" ", "a"),
            ("a", "n"),
            ("an", "d"),
            (" ", "and"),
            ("r", "e"),
            ("e", "r"),
            ("o", "u"),
            ("l", "l"),
            ("'", "s"),
            ("'", "ll"),
            ("0", "0"),
            ("1", "2"),
            ("12", "3"),
            (" ", " "),
            ("  ", "  "),
            ("\n", "\n"),
        }.Select(merge => (Encoding.UTF8.GetBytes(merge.Item1), Encoding.UTF8.GetBytes(merge.Item2))),
        ([0x80], [0xF0]),
        ([0xC3], [0xA9]),
        ([0xF0], [0x9F]),
        ([0xF0, 0x9F], [0x98]),
    ];

    public static JsonObject ByteLevelStep(bool addPrefixSpace, bool useRegex) =>
        new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = addPrefixSpace,
            ["trim_offsets"] = true,
            ["use_regex"] = useRegex,
        };

    public static JsonObject Sequence(string members, params JsonNode[] steps) =>
        new() { ["type"] = "Sequence", [members] = new JsonArray(steps) };

    /// <summary>A byte-level tokenizer; the id of a byte is its value.</summary>
    public static JsonObject ByteLevel(JsonNode preTokenizer, bool ignoreMerges = false)
    {
        var vocabulary = new JsonObject();
        for (int b = 0; b < 256; b++)
            vocabulary[Spell([(byte)b])] = b;
        var merges = new JsonArray();
        foreach ((byte[] left, byte[] right) in ByteMerges)
        {
            vocabulary[Spell([.. left, .. right])] = vocabulary.Count;
            merges.Add(new JsonArray(Spell(left), Spell(right)));
        }
        vocabulary["Hello"] = vocabulary.Count;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(
                Added(ByteLevelWords, "<|end|>", special: true),
                Added(ByteLevelWords + 1, "<|end|><|end|>", special: true),
                Added(ByteLevelWords + 2, "[tool]", special: false)
            ),
            ["normalizer"] = null,
            ["pre_tokenizer"] = preTokenizer,
            ["post_processor"] = null,
            ["decoder"] = ByteLevelStep(true, true),
            ["model"] = Bpe(vocabulary, merges, unknown: null, ignoreMerges),
        };
    }

    /// <summary>A SentencePiece-style tokenizer over the letters a and b.</summary>
    public static JsonObject Metaspace(string scheme, bool split) =>
        new()
        {
            ["added_tokens"] = new JsonArray(Added(0, "<unk>", special: true), Added(1, "<s>", special: true)),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Metaspace",
                ["replacement"] = "▁",
                ["prepend_scheme"] = scheme,
                ["split"] = split,
            },
            ["decoder"] = new JsonObject
            {
                ["type"] = "Metaspace",
                ["replacement"] = "▁",
                ["prepend_scheme"] = scheme,
            },
            ["model"] = Bpe(
                new JsonObject(
                    ((string[])["<unk>", "<s>", "▁", "a", "b", "▁a", "▁b", "ab", "▁ab"]).Select(
                        (token, id) => KeyValuePair.Create(token, (JsonNode?)id)
                    )
                ),
                [new JsonArray("a", "b"), new JsonArray("▁", "a"), new JsonArray("▁", "b"), new JsonArray("▁", "ab")],
                unknown: "<unk>"
            ),
        };

    public static JsonObject Bpe(JsonObject vocabulary, JsonArray merges, string? unknown, bool ignoreMerges = false) =>
        new()
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = unknown,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = true,
            ["byte_fallback"] = false,
            ["ignore_merges"] = ignoreMerges,
            ["vocab"] = vocabulary,
            ["merges"] = merges,
        };

    public static JsonObject Added(int id, string content, bool special) =>
        new()
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = special,
        };

    public static BpeTokenizer Load(JsonObject json)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json.ToJsonString());
            return BpeTokenizer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>
    /// GPT-2's spelling of bytes, from its definition: printable Latin-1 as it is, the rest from U+0100 on.
    /// </summary>
    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        var spelled = new StringBuilder();
        foreach (byte value in bytes)
        {
            int others = 0;
            for (int b = 0; b < value; b++)
                others += IsPrintable(b) ? 0 : 1;
            spelled.Append(IsPrintable(value) ? (char)value : (char)(256 + others));
        }
        return spelled.ToString();

        static bool IsPrintable(int b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
    }
}
