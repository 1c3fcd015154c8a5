using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Answers;
using static DeterministicInference.Receipts.Tests.Answers.SecondJson;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>Part of an answer has no canonical form.</summary>
internal sealed class NoFormException(string why) : Exception(why);

/// <summary>What a reading of an answer says.</summary>
internal sealed record SecondReading(
    string Manifest,
    bool IsFinished,
    bool HasEnd,
    string? Logprobs,
    string? Tokens,
    string? Prompts
);

/// <summary>
/// A second reader of answers, written from docs/determinism.md alone, slow and by other means: the runtime's parser,
/// whole strings, nothing kept from event to event but what the page says. It shares no code with the library.
/// </summary>
/// <param name="delivery">How the answer came.</param>
/// <param name="wantsLogprobs">Whether the client asked for log-probabilities.</param>
/// <param name="n">Choices per prompt.</param>
/// <param name="salt">The receipt's.</param>
internal sealed partial class SecondReader(AnswerDelivery delivery, bool wantsLogprobs, int n, byte[] salt)
{
    /// <summary>Stand for numbers that are not JSON while the parser reads.</summary>
    private const string VeryUnlikely = "-9999.000000000000000000000000000000000001",
        Nothing = "0.000000000000000000000000000000000000000001";

    private readonly SortedDictionary<long, SecondChoice> _choices = [];
    private readonly SecondTokens _tokens = new();
    private bool _hasError;

    /// <summary>A defect that is planted, for the test of the test.</summary>
    public Defect Planted { get; init; }

    public SecondReading Read(byte[] body)
    {
        bool hasEnd = delivery == AnswerDelivery.Json;
        if (hasEnd)
        {
            Add(WithoutMark(body));
        }
        else
        {
            foreach (byte[] data in Events(WithoutMark(body)))
            {
                hasEnd = data.AsSpan().StartsWith("[DONE]"u8);
                if (hasEnd)
                    break;
                Add(data);
            }
        }
        return new SecondReading(
            Manifest(),
            IsFinished(),
            hasEnd,
            wantsLogprobs ? Logprobs() : null,
            _tokens.Choices(_choices.Count, salt),
            _tokens.Prompts(_choices.Count == 0 ? -1 : _choices.Keys.Max() / n, salt)
        );
    }

    private static byte[] WithoutMark(byte[] body) => body is [0xEF, 0xBB, 0xBF, .. byte[] rest] ? rest : body;

    /// <summary>The data of events that have some.</summary>
    private static IEnumerable<byte[]> Events(byte[] body)
    {
        // Latin-1 keeps every byte.
        string text = Encoding.Latin1.GetString(body);
        List<string> data = [];
        string[] lines = LineEnd().Split(text);
        foreach (string line in lines[..^1])
        {
            if (line.Length == 0)
            {
                string joined = string.Join('\n', data);
                data.Clear();
                if (joined.Length > 0)
                    yield return Encoding.Latin1.GetBytes(joined);
            }
            else if (line == "data")
            {
                data.Add("");
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                data.Add(line["data:".Length..] is [' ', .. string value] ? value : line["data:".Length..]);
            }
        }
    }

    private void Add(byte[] json)
    {
        using JsonDocument document = Parse(json);
        if (delivery == AnswerDelivery.Sse && document.RootElement.ValueKind == JsonValueKind.Null)
            return;
        SecondObject answer = Object(
            document.RootElement,
            "choices error object usage prompt_token_ids sglext id created timings environment determinism"
        );
        _hasError |= answer["error"] is not null || (answer["object"] is { } kind && Text(kind) == "error");
        RequireNumbers(document.RootElement, isLogprobs: false, "");
        foreach (string name in answer.Order)
        {
            JsonElement value = answer[name]!.Value;
            switch (name)
            {
                case "choices":
                    AddChoices(value);
                    break;
                case "usage" when value.ValueKind == JsonValueKind.Object:
                    if (Object(value, "prompt_tokens completion_tokens")["completion_tokens"] is { } count)
                        _tokens.Count(count.GetRawText());
                    break;
                case "prompt_token_ids":
                    _tokens.AddPrompt(0, value);
                    break;
                case "sglext" when value.ValueKind == JsonValueKind.Object:
                    AddExtension(Object(value, "output_ids input_ids"));
                    break;
            }
        }
    }

    private static JsonDocument Parse(byte[] json)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(json);
            // Strings are taken as they are; outside of them, the words become numbers that nobody else writes.
            text = StringOrWord()
                .Replace(
                    text,
                    match =>
                        match.Value switch
                        {
                            "-Infinity" => $" {VeryUnlikely} ",
                            "Infinity" or "NaN" => $" {Nothing} ",
                            string other => other,
                        }
                );
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 128 });
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new NoFormException("not JSON in UTF-8");
        }
    }

    /// <summary>The words may stand in the value of a choice's logprobs alone.</summary>
    private static void RequireNumbers(JsonElement value, bool isLogprobs, string path)
    {
        if (value.ValueKind == JsonValueKind.Number && value.GetRawText() is VeryUnlikely or Nothing && !isLogprobs)
            throw new NoFormException("a number that is none");
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
                RequireNumbers(item, isLogprobs, path + "[]");
        }
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in value.EnumerateObject())
            {
                string inner = $"{path}.{Unescape(RawName(member))}";
                RequireNumbers(member.Value, isLogprobs || inner == ".choices[].logprobs", inner);
            }
        }
    }

    private void AddChoices(JsonElement list)
    {
        RequireKind(list, JsonValueKind.Array);
        var seen = new HashSet<long>();
        int position = 0;
        foreach (JsonElement element in list.EnumerateArray())
        {
            SecondObject choice = Object(
                element,
                "index text finish_reason logprobs token_ids response_token_ids prompt_token_ids "
                    + (delivery == AnswerDelivery.Json ? "message" : "delta")
            );
            long index =
                choice["index"] is { } given ? Index(given)
                : Planted == Defect.IndexIsZero ? 0
                : position;
            if (!seen.Add(index) && delivery == AnswerDelivery.Json)
                throw new NoFormException("a choice twice");
            position++;
            if (!_choices.TryGetValue(index, out SecondChoice? state))
                _choices.Add(index, state = new SecondChoice());
            bool hasText = AddChoice(state, choice);
            bool hasFinish = choice["finish_reason"] is not null;
            if (choice["finish_reason"] is { } finish)
            {
                RequireKind(finish, JsonValueKind.String);
                state.Finish = Text(finish)!;
                if (HasHalfPair(state.Finish) || state.Finish.Contains('\ufffd', StringComparison.Ordinal))
                    throw new NoFormException("a finish reason that is not whole");
            }
            if (choice["logprobs"] is { } logprobs && wantsLogprobs)
                state.Logprobs.Add(logprobs);
            foreach (string name in choice.Order)
            {
                if (name == "prompt_token_ids")
                    _tokens.AddPrompt(index / n, choice[name]!.Value);
                else if (name is "token_ids" or "response_token_ids")
                    _tokens.AddChoice(index, choice[name]!.Value);
            }
            _tokens.EndChoice(
                index,
                choice["token_ids"] is not null,
                choice["response_token_ids"] is not null,
                hasText,
                hasFinish
            );
        }
    }

    /// <returns>Whether it has text, as the rules for tokens say.</returns>
    private bool AddChoice(SecondChoice state, SecondObject choice)
    {
        bool hasText = state.Add("text", choice["text"]);
        if ((choice["message"] ?? choice["delta"]) is not { } element)
            return hasText;
        SecondObject message = Object(
            element,
            "role content reasoning_content reasoning refusal function_call tool_calls"
        );
        RequireOneReasoning(state.Story, message["reasoning_content"], message["reasoning"]);
        hasText |= state.Add("content", message["content"]);
        hasText |= state.Add(
            "reasoning",
            Planted == Defect.OneReasoning
                ? message["reasoning_content"]
                : message["reasoning_content"] ?? message["reasoning"]
        );
        state.Add("refusal", message["refusal"]);
        if (message["function_call"] is { } function)
        {
            SecondObject call = Object(function, "name arguments");
            RequireFirstName(state.Story, "function_call", call["name"]);
            state.Add("call.name", call["name"]);
            state.Add("call.arguments", call["arguments"]);
        }
        if (message["tool_calls"] is not { } calls)
            return hasText;
        RequireKind(calls, JsonValueKind.Array);
        int position = 0;
        foreach (JsonElement one in calls.EnumerateArray())
        {
            bool isEvent = delivery == AnswerDelivery.Sse;
            SecondObject call = Object(one, isEvent ? "id function custom index" : "id function custom");
            long number = isEvent && call["index"] is { } given ? Index(given) : position;
            position++;
            state.Tools.Add(number);
            // A tool call of a JSON answer is one element, so that what is said of elements is said of it too.
            if (call["id"] is { } id)
            {
                RequireKind(id, JsonValueKind.String);
                if (Text(id) is { Length: > 0 } text && state.Story.Of($"{number} id", text) != text && isEvent)
                    throw new NoFormException("another id of a tool call");
            }
            if (call["function"] is not null && call["custom"] is not null)
                throw new NoFormException("a function and custom");
            // In the order of the text: both write the name.
            foreach (string name in call.Order.Where(name => name is "function" or "custom"))
            {
                string input = name == "custom" ? "input" : "arguments";
                SecondObject parts = Object(call[name]!.Value, $"name {input}");
                if (isEvent && state.Story.Of($"{number} kind", name) != name)
                    throw new NoFormException("a function in one event and custom in another");
                RequireFirstName(state.Story, $"tool {number}", parts["name"]);
                state.Add($"tool {number} name", parts["name"]);
                state.Add($"tool {number} {input}", parts[input]);
            }
        }
        return hasText;
    }

    /// <summary>Under two names the same, and in a stream under the same names from the first to the last.</summary>
    private void RequireOneReasoning(SecondStory story, JsonElement? content, JsonElement? reasoning)
    {
        if (content is { } one && reasoning is { } other)
        {
            bool isSame = Text(one) is { } text
                ? text == Text(other)
                : other.ValueKind != JsonValueKind.String && CanonicalText(one) == CanonicalText(other);
            if (!isSame)
                throw new NoFormException("two reasonings");
        }
        if (delivery == AnswerDelivery.Json || (content ?? reasoning) is not { } fragment || Text(fragment) == "")
            return;
        string names = $"{content is not null} {reasoning is not null}";
        if (story.Of("reasoning", names) != names)
            throw new NoFormException("reasoning under another name");
    }

    private void RequireFirstName(SecondStory story, string call, JsonElement? name)
    {
        if (Planted == Defect.ManyNames)
            return;
        if (name is not { } value || Text(value) == "" || delivery == AnswerDelivery.Json)
            return;
        // Even the same one again is a second one.
        story.Of(call, "named");
        if (!story.IsNew)
            throw new NoFormException("a second name");
    }

    private void AddExtension(SecondObject extension)
    {
        foreach (string name in extension.Order)
        {
            if (name == "input_ids")
                _tokens.AddPrompt(0, extension[name]!.Value);
            else
                _tokens.AddLists(extension[name]!.Value);
        }
    }

    private bool IsFinished() =>
        _choices.Count > 0
        && _choices.Keys.Max() == _choices.Count - 1
        && _choices.Values.All(choice => choice.Finish is not (null or "" or "abort" or "error"))
        && !_hasError;

    private string Manifest()
    {
        var text = new StringBuilder($"dis-out/1\nchoices {_choices.Count}\n");
        foreach ((long index, SecondChoice choice) in _choices)
        {
            foreach ((string name, string channel) in choice.Channels())
            {
                byte[] bytes = SecondChoice.Bytes(channel);
                if (bytes.Length > 0)
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"{index} {name} {bytes.Length} {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n"
                    );
            }
        }
        return text.ToString();
    }

    private string Logprobs()
    {
        var lines = new StringBuilder("dis-logprobs/1\n");
        foreach ((long index, SecondChoice choice) in _choices)
        {
            byte[] stream = choice.Logprobs.Bytes();
            lines.Append(
                CultureInfo.InvariantCulture,
                $"{index} {stream.Length} {Convert.ToHexStringLower(SHA256.HashData(stream))}\n"
            );
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(lines.ToString())));
    }

    /// <summary>The number that stands for a token; null for none.</summary>
    internal static double? Number(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.Number => value.GetRawText() switch
            {
                VeryUnlikely => -9999.0,
                Nothing => null,
                string text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
            },
            _ => throw new NoFormException("a log-probability that is no number"),
        };

    [GeneratedRegex("\r\n|\r|\n")]
    private static partial Regex LineEnd();

    [GeneratedRegex(
        """"
            "([^"\\]|\\.)*"|-?Infinity|NaN
            """",
        RegexOptions.Singleline
    )]
    private static partial Regex StringOrWord();
}
