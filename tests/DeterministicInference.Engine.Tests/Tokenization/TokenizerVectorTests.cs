using System.Globalization;
using System.Text.Json.Nodes;
using DeterministicInference.Engine.Tokenization;
using Xunit;

namespace DeterministicInference.Engine.Tests.Tokenization;

/// <summary>
/// Token ids that Hugging Face's <c>tokenizers</c> library 0.22.2 gives for the same files and texts.
/// </summary>
public sealed class TokenizerVectorTests
{
    public static TheoryData<string, string, string> ByteLevelVectors { get; } =
        new()
        {
            { "gpt2", "the thing and the other", "257 32 116 104 260 261 110 100 258 32 111 257 114" },
            { "gpt2", "Hello Hello's we'LL", "72 101 268 111 32 72 101 268 111 269 32 119 101 39 76 76" },
            { "gpt2", "x  y   z \u000A\u000A q\u0009", "120 32 32 121 274 32 122 32 276 32 113 9" },
            { "gpt2", "123456 00012 a1b22", "273 52 53 54 32 271 48 272 261 49 98 50 50" },
            { "gpt2", "caf\u00E9 \U0001F600\U0001F600\u00E9", "99 97 102 278 32 280 277 159 152 128 278" },
            {
                "gpt2",
                "\U0001D400\U0001D401 \U0001D7D8\U0001D7D9x \u0663\u00B2\u2167",
                "240 157 144 277 157 144 129 32 240 157 159 152 240 157 159 153 120 32 217 163 194 178 226 133 167"
            },
            { "gpt2", "a<|end|>b<|end|><|end|>c[tool] d", "97 282 98 283 99 284 32 100" },
            {
                "gpt2",
                "e\u0301\u200B \u00A0\u3000!?\u2026\u2014",
                "101 204 129 226 128 139 32 194 160 227 128 128 33 63 226 128 166 226 128 148"
            },
            {
                "gpt2",
                "\u1F48\u0394\u03C5\u03A3 \u01C5 \u4E2D\u6587\u3002ok",
                "225 189 136 206 148 207 133 206 163 32 199 133 32 228 184 173 230 150 135 227 128 130 111 107"
            },
            { "gpt2", "\u000D\u000A\u000D\u000A  the", "13 10 13 10 32 258" },
            {
                "gpt2",
                "\U0001D400\U0001F600\U0001F600 \U0001D400\U0001D400 \U0001D7D8\U0001F600\u00E9",
                "240 157 144 128 280 277 159 152 128 32 240 157 144 277 157 144 128 32 240 157 159 152 280 128 278"
            },
            { "prefix", "the thing and the other", "258 32 116 104 260 261 110 100 258 32 111 257 114" },
            { "prefix", "a<|end|>b<|end|><|end|>c[tool] d", "261 282 32 98 283 32 99 284 32 100" },
            { "llama3", "the thing and the other", "257 32 116 104 260 264 258 32 111 257 114" },
            { "llama3", "Hello Hello's we'LL", "281 32 72 101 268 111 269 32 119 101 39 76 76" },
            { "llama3", "x  y   z \u000A\u000A q\u0009", "120 32 32 121 274 32 122 32 276 32 113 9" },
            { "llama3", "123456 00012 a1b22", "273 52 53 54 32 271 48 272 261 49 98 50 50" },
            { "llama3", "caf\u00E9 \U0001F600\U0001F600\u00E9", "99 97 102 278 32 280 277 159 152 128 278" },
            {
                "llama3",
                "\U0001D400\U0001D401 \U0001D7D8\U0001D7D9x \u0663\u00B2\u2167",
                "240 157 144 277 157 144 129 32 240 157 159 152 240 157 159 153 120 32 217 163 194 178 226 133 167"
            },
            { "llama3", "a<|end|>b<|end|><|end|>c[tool] d", "97 282 98 283 99 284 32 100" },
            {
                "llama3",
                "e\u0301\u200B \u00A0\u3000!?\u2026\u2014",
                "101 204 129 226 128 139 32 194 160 227 128 128 33 63 226 128 166 226 128 148"
            },
            {
                "llama3",
                "\u1F48\u0394\u03C5\u03A3 \u01C5 \u4E2D\u6587\u3002ok",
                "225 189 136 206 148 207 133 206 163 32 199 133 32 228 184 173 230 150 135 227 128 130 111 107"
            },
            { "llama3", "\u000D\u000A\u000D\u000A  the", "13 10 13 10 32 258" },
            {
                "llama3",
                "\U0001D400\U0001F600\U0001F600 \U0001D400\U0001D400 \U0001D7D8\U0001F600\u00E9",
                "240 157 144 128 280 277 159 152 128 32 240 157 144 277 157 144 128 32 240 157 159 152 280 128 278"
            },
            { "digits", "123456 00012 a1b22", "49 50 51 52 53 54 32 48 48 48 49 50 261 49 98 50 50" },
        };

    /// <summary>Scheme, text, ids; the same whether pieces are split at spaces or not.</summary>
    public static TheoryData<string, string, string> MetaspaceVectors { get; } =
        new()
        {
            { "first", "ab a b", "8 5 6" },
            { "first", " ab", "8" },
            { "first", "ab<s>a b<s> b", "8 1 3 6 1 6" },
            { "first", "<s>ab", "1 7" },
            { "first", "a  b ", "5 2 6 2" },
            { "first", "\u2581a", "5" },
            { "always", "ab a b", "8 5 6" },
            { "always", "ab<s>a b<s> b", "8 1 5 6 1 6" },
            { "always", "<s>ab", "1 8" },
            { "always", "\u2581a", "5" },
            { "never", "ab a b", "7 5 6" },
            { "never", " ab", "8" },
            { "never", "ab<s>a b<s> b", "7 1 3 6 1 6" },
            { "never", "a  b ", "3 2 6 2" },
        };

    [Theory]
    [MemberData(nameof(ByteLevelVectors))]
    public void Byte_level_ids_are_those_of_the_reference(string split, string text, string ids)
    {
        JsonObject preTokenizer = split switch
        {
            "gpt2" => TokenizerFixture.ByteLevelStep(addPrefixSpace: false, useRegex: true),
            "prefix" => TokenizerFixture.ByteLevelStep(addPrefixSpace: true, useRegex: true),
            "llama3" => TokenizerFixture.Sequence(
                "pretokenizers",
                Split(TokenizerFixture.Llama3Pattern),
                TokenizerFixture.ByteLevelStep(false, false)
            ),
            _ => TokenizerFixture.Sequence(
                "pretokenizers",
                new JsonObject { ["type"] = "Digits", ["individual_digits"] = true },
                TokenizerFixture.ByteLevelStep(false, true)
            ),
        };
        BpeTokenizer tokenizer = TokenizerFixture.Load(
            TokenizerFixture.ByteLevel(preTokenizer, ignoreMerges: split == "llama3")
        );

        Assert.Equal(Ids(ids), tokenizer.Encode(text, recognizeSpecials: true));
    }

    [Theory]
    [MemberData(nameof(MetaspaceVectors))]
    public void Metaspace_ids_are_those_of_the_reference(string scheme, string text, string ids)
    {
        Assert.Equal(
            Ids(ids),
            TokenizerFixture.Load(TokenizerFixture.Metaspace(scheme, split: true)).Encode(text, recognizeSpecials: true)
        );
        Assert.Equal(
            Ids(ids),
            TokenizerFixture
                .Load(TokenizerFixture.Metaspace(scheme, split: false))
                .Encode(text, recognizeSpecials: true)
        );
    }

    [Theory]
    [InlineData("Once upon a time", "1 80 147 201 282 57")]
    [InlineData("", "1")]
    [InlineData("a", "1 85")]
    [InlineData(" a", "1 80 85")]
    [InlineData("  two  spaces ", "1 80 80 80 1209 80 415 53 55 368")]
    [InlineData("Lily's dog, Spot!", "1 80 1837 604 94 1030 4")]
    [InlineData("na\u00EFve caf\u00E9 \u6771\u4EAC \U0001F600", "1 80 557 0 218 295 58 0 80 0 80 0")]
    [InlineData("tab\there\nnew\r\n", "1 80 292 54 0 536 57 3 1105 0 3")]
    [InlineData("<unk>", "1 0")]
    [InlineData("0123456789", "1 80 11 12 13 14 15 16 17 18 19 20")]
    [InlineData(
        "The quick brown fox jumps over the lazy dog.",
        "1 80 247 1746 312 1216 983 480 1841 691 89 1194 108 291 78 87 604 10"
    )]
    public void A_real_tokenizer_gives_the_ids_of_the_reference(string text, string ids)
    {
        BpeTokenizer tokenizer = BpeTokenizer.Load(
            Path.Combine(SharedModels.Require(SharedModels.TinyStories), "tokenizer.json")
        );

        Assert.Equal(Ids(ids), tokenizer.Prefix.Concat(tokenizer.Encode(text, recognizeSpecials: true)));
    }

    private static JsonObject Split(string regex) =>
        new()
        {
            ["type"] = "Split",
            ["pattern"] = new JsonObject { ["Regex"] = regex },
            ["behavior"] = "Isolated",
            ["invert"] = false,
        };

    private static int[] Ids(string text) =>
        [
            .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
        ];
}
