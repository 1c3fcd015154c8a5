using System.Text.Json.Nodes;
using DeterministicInference.Engine.Model;
using DeterministicInference.Engine.Tests.Model;
using DeterministicInference.Engine.Tokenization;
using Xunit;

namespace DeterministicInference.Engine.Tests.Tokenization;

/// <summary>What a <c>tokenizer.json</c> may ask for, and what is refused.</summary>
public sealed class TokenizerJsonTests
{
    /// <summary>Path of keys, JSON value to put there, a part of the message.</summary>
    public static TheoryData<string, string, string> Refused { get; } =
        new()
        {
            { "model/type", "\"Unigram\"", "model type 'Unigram' is not supported" },
            { "model/type", "null", "model type '' is not supported" },
            { "model", "null", "Download" },
            { "model/vocab", "[]", "Download" },
            { "model/vocab/h", "\"seven\"", "Download" },
            { "model/vocab/h", "1.5", "Download" },
            { "model/vocab/h", "-1", "negative" },
            { "model/vocab/h", "2147483647", "out of range" },
            { "model/vocab/h", "99999999999", "Download" },
            { "model/merges", "{}", "Download" },
            { "model/merges/0", "\"he\"", "is not a pair" },
            { "model/merges/0", "\"h zz\"", "names a token that the vocabulary lacks" },
            { "model/merges/0", "[\"h\"]", "Download" },
            { "model/merges/0", "[null, \"e\"]", "Download" },
            { "model/merges/0", "null", "Download" },
            { "model/merges/0", "7", "Download" },
            { "model/dropout", "0.1", "'dropout' is not supported" },
            { "model/continuing_subword_prefix", "\"##\"", "'continuing_subword_prefix' is not supported" },
            { "model/end_of_word_suffix", "\"</w>\"", "'end_of_word_suffix' is not supported" },
            { "model/unk_token", "5", "Download" },
            { "normalizer", "{\"type\": \"NFC\"}", "normalizer 'NFC' is not supported" },
            {
                "normalizer",
                "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a\"}, \"content\": \"b\"}",
                "normalizer 'Replace' is not supported"
            },
            {
                "normalizer",
                "{\"type\": \"Replace\", \"pattern\": {\"String\": null}, \"content\": \"b\"}",
                "Download"
            },
            {
                "normalizer",
                "{\"type\": \"Replace\", \"pattern\": {\"String\": \"\"}, \"content\": \"b\"}",
                "Download"
            },
            {
                "normalizer",
                "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Lowercase\"}]}",
                "normalizer 'Lowercase' is not supported"
            },
            { "normalizer", "{\"type\": \"Sequence\"}", "Download" },
            {
                "pre_tokenizer",
                "{\"type\": \"Whitespace\"}",
                "pre-tokenizer 'Whitespace' with these settings is not supported"
            },
            {
                "pre_tokenizer",
                "{\"type\": \"Split\", \"pattern\": {\"String\": \" \"}, \"behavior\": \"Removed\", \"invert\": false}",
                "pre-tokenizer 'Split'"
            },
            {
                "pre_tokenizer",
                "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a\"}, \"behavior\": \"Isolated\"}",
                "Download"
            },
            {
                "pre_tokenizer",
                "{\"type\": \"Split\", \"pattern\": {\"Regex\": null}, \"behavior\": \"Isolated\"}",
                "Download"
            },
            { "pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {}, \"behavior\": \"Isolated\"}", "Download" },
            { "pre_tokenizer", "5", "Download" },
            { "post_processor", "{\"type\": \"BertProcessing\"}", "post-processor 'BertProcessing' is not supported" },
            { "post_processor", Template("\"ids\": [285]", "<|end|>"), "outside the vocabulary" },
            { "post_processor", Template("\"ids\": [-1]", "<|end|>"), "outside the vocabulary" },
            { "post_processor", Template("\"ids\": [1]", "absent"), "Download" },
            { "post_processor", Template("\"tokens\": []", "<|end|>"), "Download" },
            { "added_tokens", "{}", "Download" },
            { "added_tokens/0/content", "null", "Download" },
            { "added_tokens/0/id", "null", "Download" },
            { "added_tokens/0/id", "-3", "negative" },
            { "added_tokens/0/id", "283", "twice" },
            { "added_tokens/0/id", "2147483647", "out of range" },
            { "decoder", "7", "Download" },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_malformed_or_not_supported_is_a_clear_error(string place, string value, string problem)
    {
        JsonObject json = TokenizerFixture.ByteLevel(TokenizerFixture.ByteLevelStep(false, true));
        string[] keys = place.Split('/');
        JsonNode node = json;
        foreach (string key in keys[..^1])
            node = node is JsonArray list ? list[int.Parse(key, null)]! : node[key]!;
        if (node is JsonArray array)
            array[int.Parse(keys[^1], null)] = JsonNode.Parse(value);
        else
            node[keys[^1]] = JsonNode.Parse(value);

        var failure = Assert.Throws<ModelLoadException>(() => TokenizerFixture.Load(json));

        LoadFailure.CheckForm(failure);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_template_puts_ids_in_front_and_behind()
    {
        JsonObject json = TokenizerFixture.ByteLevel(TokenizerFixture.ByteLevelStep(false, true));
        json["post_processor"] = JsonNode.Parse(
            """
            {"type": "Sequence", "processors": [
              {"type": "ByteLevel"},
              {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "y"}}],
               "special_tokens": {"x": {"ids": [7, 8]}, "y": {"ids": [9]}}}]}
            """
        );

        BpeTokenizer tokenizer = TokenizerFixture.Load(json);

        Assert.Equal([7, 8], tokenizer.Prefix);
        Assert.Equal([9], tokenizer.Suffix);
    }

    [Fact]
    public void Merges_may_be_written_as_pairs_or_as_one_string()
    {
        JsonObject pairs = TokenizerFixture.ByteLevel(TokenizerFixture.ByteLevelStep(false, true)),
            strings = pairs.DeepClone().AsObject();
        strings["model"]!["merges"] = new JsonArray([
            .. pairs["model"]!["merges"]!.AsArray().Select(merge => (JsonNode)$"{merge![0]} {merge[1]}"),
        ]);

        const string text = "the other thing and 123 é";
        Assert.Equal(TokenizerFixture.Load(pairs).Encode(text), TokenizerFixture.Load(strings).Encode(text));
    }

    [Fact]
    public void A_possessive_pattern_splits_as_its_greedy_form()
    {
        const string text = "Don't 12345  stop\r\n\r\n now!! ";
        Assert.Equal(
            Encode(TokenizerFixture.Llama3Pattern),
            Encode(
                TokenizerFixture
                    .Llama3Pattern.Replace(@"\p{L}+", @"\p{L}++", StringComparison.Ordinal)
                    .Replace(@"[\r\n]*", @"[\r\n]*+", StringComparison.Ordinal)
                    .Replace(@"[^\r\n\p{L}\p{N}]?", @"[^\r\n\p{L}\p{N}]?+", StringComparison.Ordinal)
                    .Replace("{1,3}", "{1,3}+", StringComparison.Ordinal)
            )
        );

        int[] Encode(string pattern) =>
            TokenizerFixture
                .Load(
                    TokenizerFixture.ByteLevel(
                        TokenizerFixture.Sequence(
                            "pretokenizers",
                            new JsonObject
                            {
                                ["type"] = "Split",
                                ["pattern"] = new JsonObject { ["Regex"] = pattern },
                                ["behavior"] = "Isolated",
                                ["invert"] = false,
                            },
                            TokenizerFixture.ByteLevelStep(false, false)
                        )
                    )
                )
                .Encode(text);
    }

    private static string Template(string token, string name) =>
        "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \""
        + name
        + "\"}}, {\"Sequence\": {\"id\": \"A\"}}], "
        + "\"special_tokens\": {\"<|end|>\": {"
        + token
        + "}}}";
}
