using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.Tokenization;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> (format of the <c>tokenizers</c> library). A component that is not
/// supported is an error: guessing would give plausible, wrong token ids.
/// </summary>
internal static class TokenizerJson
{
    public static TokenizerParts Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ModelFile.ReadAllBytes(path));
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelLoadException(
                $"{path}: not found. The folder needs a Hugging Face tokenizer.json (a 'fast' tokenizer).",
                e
            );
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
                        or UnsupportedFeatureException
                        or RegexParseException
            )
        {
            throw new ModelLoadException(
                $"{path}: {e.Message.ReplaceLineEndings(" ")} Download the file again, or use a model with a "
                    + "supported BPE tokenizer.",
                e
            );
        }
    }

    private static TokenizerParts Read(JsonElement root)
    {
        JsonElement model = root.GetProperty("model");
        string type = Type(model);
        if (type != "BPE")
            throw new UnsupportedFeatureException($"model type '{type}' is not supported, only BPE.");

        var ids = new Dictionary<string, int>();
        foreach (JsonProperty entry in model.GetProperty("vocab").EnumerateObject())
            ids[entry.Name] = entry.Value.GetInt32();
        List<AddedToken> added = AddedTokens(root);
        int highest = Math.Max(
            ids.Count == 0 ? 0 : ids.Values.Max(),
            added.Count == 0 ? 0 : added.Max(token => token.Id)
        );
        if (highest >= MaximumVocabulary)
            throw new UnsupportedFeatureException($"a token id of {highest} is out of range.");
        if (ids.Values.Any(id => id < 0) || added.Any(token => token.Id < 0))
            throw new UnsupportedFeatureException("a token id is negative.");
        if (added.DistinctBy(token => token.Id).Count() < added.Count)
            throw new UnsupportedFeatureException("an added token's id is there twice.");
        int size = highest + 1;

        var contents = new string[size];
        Array.Fill(contents, "");
        foreach ((string content, int id) in ids)
            contents[id] = content;
        foreach (AddedToken token in added)
            contents[token.Id] = token.Content;

        bool byteLevel = Components(root, "decoder", "decoders").Any(step => Type(step) == "ByteLevel");
        var bytes = new byte[size][];
        for (int id = 0; id < size; id++)
            bytes[id] = byteLevel ? SpelledBytes(contents[id]) : PlainBytes(contents[id]);
        foreach (AddedToken token in added)
            bytes[token.Id] = token.IsSpecial ? [] : Encoding.UTF8.GetBytes(token.Content);

        (List<int> prefix, List<int> suffix) = Template(root);
        if (prefix.Concat(suffix).Any(id => id < 0 || id >= size))
            throw new UnsupportedFeatureException("the template has a token id outside the vocabulary.");
        return new TokenizerParts(
            Bpe(model, ids),
            ids,
            contents,
            bytes,
            added,
            [.. Components(root, "normalizer", "normalizers").Select(Normalizer)],
            [.. Components(root, "pre_tokenizer", "pretokenizers").Select(PreTokenizer)],
            prefix,
            suffix
        );
    }

    private const int MaximumVocabulary = 10_000_000;

    private static BpeModel Bpe(JsonElement model, Dictionary<string, int> ids)
    {
        foreach (string name in (string[])["dropout", "continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (
                model.TryGetProperty(name, out JsonElement value)
                && value.ValueKind != JsonValueKind.Null
                && value.ToString() is not ("" or "0" or "0.0")
            )
            {
                throw new UnsupportedFeatureException($"BPE with '{name}' is not supported.");
            }
        }

        var merges = new Dictionary<(int, int), (int, int)>();
        int rank = 0;
        foreach (JsonElement merge in model.GetProperty("merges").EnumerateArray())
        {
            (string left, string right) =
                merge.ValueKind != JsonValueKind.Array ? SplitOnce(Text(merge))
                : merge.GetArrayLength() == 2 ? (Text(merge[0]), Text(merge[1]))
                : throw new UnsupportedFeatureException($"merge {rank} is not a pair.");
            if (
                !ids.TryGetValue(left, out int l)
                || !ids.TryGetValue(right, out int r)
                || !ids.TryGetValue(left + right, out int joined)
            )
            {
                throw new UnsupportedFeatureException(
                    $"merge {rank} ('{left}' + '{right}') names a token that the vocabulary lacks."
                );
            }
            merges.TryAdd((l, r), (rank, joined));
            rank++;
        }

        int[] fallback = [];
        if (Flag(model, "byte_fallback"))
        {
            fallback = new int[256];
            for (int b = 0; b < 256; b++)
                fallback[b] = ids.GetValueOrDefault($"<0x{b:X2}>", BpeModel.NoToken);
        }
        int? unknown =
            model.TryGetProperty("unk_token", out JsonElement unk)
            && unk.GetString() is { } name2
            && ids.TryGetValue(name2, out int id)
                ? id
                : null;
        return new BpeModel(ids, merges, fallback, unknown, Flag(model, "fuse_unk"), Flag(model, "ignore_merges"));
    }

    private static (string Left, string Right) SplitOnce(string merge)
    {
        int space = merge.IndexOf(' ', StringComparison.Ordinal);
        return space > 0
            ? (merge[..space], merge[(space + 1)..])
            : throw new UnsupportedFeatureException($"merge '{merge}' is not a pair.");
    }

    private static List<AddedToken> AddedTokens(JsonElement root)
    {
        var added = new List<AddedToken>();
        if (!root.TryGetProperty("added_tokens", out JsonElement tokens) || tokens.ValueKind == JsonValueKind.Null)
            return added;
        foreach (JsonElement token in tokens.EnumerateArray())
        {
            string content = Text(token.GetProperty("content"));
            if (content.Length > 0)
                added.Add(new AddedToken(token.GetProperty("id").GetInt32(), content, Flag(token, "special")));
        }
        return added;
    }

    /// <summary>A component, or the members of a <c>Sequence</c> of them, or nothing where it is null.</summary>
    private static List<JsonElement> Components(JsonElement root, string name, string members)
    {
        if (!root.TryGetProperty(name, out JsonElement component) || component.ValueKind == JsonValueKind.Null)
            return [];
        return Type(component) == "Sequence" ? [.. component.GetProperty(members).EnumerateArray()] : [component];
    }

    private static Func<string, string> Normalizer(JsonElement step)
    {
        switch (Type(step))
        {
            case "Prepend":
                string prepend = Text(step.GetProperty("prepend"));
                return text => prepend + text;
            case "Replace" when step.GetProperty("pattern").TryGetProperty("String", out JsonElement pattern):
                string from = Text(pattern),
                    to = Text(step.GetProperty("content"));
                if (from.Length == 0)
                    throw new UnsupportedFeatureException("normalizer 'Replace' of an empty text is not supported.");
                return text => text.Replace(from, to, StringComparison.Ordinal);
            default:
                throw new UnsupportedFeatureException($"normalizer '{Type(step)}' is not supported.");
        }
    }

    private static PreTokenizer PreTokenizer(JsonElement step)
    {
        switch (Type(step))
        {
            case "ByteLevel":
                return new ByteLevelSplit(
                    Flag(step, "add_prefix_space"),
                    !step.TryGetProperty("use_regex", out JsonElement use) || use.GetBoolean()
                );
            case "Digits":
                return new DigitSplit(Flag(step, "individual_digits"));
            case "Metaspace":
                string? scheme =
                    step.TryGetProperty("prepend_scheme", out JsonElement s) ? s.GetString()
                    : Flag(step, "add_prefix_space") ? "always"
                    : "never";
                return new MetaspaceSplit(
                    Scheme(scheme),
                    !step.TryGetProperty("split", out JsonElement split) || split.GetBoolean()
                );
            case "Split" when step.GetProperty("behavior").GetString() == "Isolated" && !Flag(step, "invert"):
                JsonElement pattern = step.GetProperty("pattern");
                return new RegexSplit(
                    pattern.TryGetProperty("Regex", out JsonElement regex)
                        ? Text(regex)
                        : Regex.Escape(Text(pattern.GetProperty("String")))
                );
            default:
                throw new UnsupportedFeatureException(
                    $"pre-tokenizer '{Type(step)}' with these settings is not supported."
                );
        }
    }

    private static MetaspacePrefix Scheme(string? name) =>
        name switch
        {
            "always" => MetaspacePrefix.Always,
            "first" => MetaspacePrefix.First,
            "never" => MetaspacePrefix.Never,
            _ => throw new UnsupportedFeatureException($"prepend_scheme '{name}' is not supported."),
        };

    /// <summary>
    /// The ids around "A" in the <c>single</c> template of a <c>TemplateProcessing</c> post-processor.
    /// </summary>
    private static (List<int> Prefix, List<int> Suffix) Template(JsonElement root)
    {
        List<int> prefix = [],
            suffix = [];
        foreach (JsonElement step in Components(root, "post_processor", "processors"))
        {
            string type = Type(step);
            if (type == "ByteLevel")
                continue;
            if (type != "TemplateProcessing")
                throw new UnsupportedFeatureException($"post-processor '{type}' is not supported.");
            List<int> side = prefix;
            foreach (JsonElement item in step.GetProperty("single").EnumerateArray())
            {
                if (item.TryGetProperty("Sequence", out _))
                {
                    side = suffix;
                    continue;
                }
                string name = Text(item.GetProperty("SpecialToken").GetProperty("id"));
                foreach (
                    JsonElement id in step.GetProperty("special_tokens")
                        .GetProperty(name)
                        .GetProperty("ids")
                        .EnumerateArray()
                )
                    side.Add(id.GetInt32());
            }
        }
        return (prefix, suffix);
    }

    private static byte[] SpelledBytes(string content)
    {
        var bytes = new List<byte>(content.Length);
        foreach (char c in content)
        {
            if (ByteAlphabet.TryToByte(c, out byte b))
                bytes.Add(b);
            else
                bytes.AddRange(Encoding.UTF8.GetBytes([c]));
        }
        return [.. bytes];
    }

    /// <summary>SentencePiece spelling: U+2581 is a space, <c>&lt;0xNN&gt;</c> one byte.</summary>
    private static byte[] PlainBytes(string content)
    {
        if (
            content.Length == 6
            && content.StartsWith("<0x", StringComparison.Ordinal)
            && content[5] == '>'
            && byte.TryParse(content.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte value)
        )
        {
            return [value];
        }
        return Encoding.UTF8.GetBytes(content.Replace('\u2581', ' '));
    }

    private static string Text(JsonElement element) =>
        element.GetString() ?? throw new FormatException("null stands where a text is needed.");

    private static string Type(JsonElement element) => element.GetProperty("type").GetString() ?? "";

    private static bool Flag(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    /// <summary>A valid file that asks for something this tokenizer does not do.</summary>
    private sealed class UnsupportedFeatureException(string message) : Exception(message);
}
