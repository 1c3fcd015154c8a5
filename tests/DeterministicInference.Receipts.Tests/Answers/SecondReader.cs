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
    string? Extras,
    string? Model,
    (long? Prompt, long? Completion, long? Total) Usage,
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

    /// <summary>What was said first of the whole answer.</summary>
    private readonly SecondStory _story = new();
    private readonly Dictionary<string, long> _counts = [];
    private string? _model;
    private bool _hasError;

    /// <summary>A defect that is planted, for the test of the test.</summary>
    public Defect Planted { get; init; }

    private bool IsStream => delivery == AnswerDelivery.Sse;

    public SecondReading Read(byte[] body)
    {
        bool hasEnd = true;
        if (IsStream)
        {
            var events = new SecondEvents(body);
            foreach (byte[] data in events.Data)
                Add(data);
            hasEnd = events.HasEnd;
        }
        else
        {
            Add(body is [0xEF, 0xBB, 0xBF, .. byte[] rest] ? rest : body);
        }
        foreach (SecondChoice choice in _choices.Values)
            choice.Close(requiresKinds: !IsStream);
        bool hasLogprobs = wantsLogprobs || _choices.Values.Any(choice => choice.Logprobs.HasAny);
        return new SecondReading(
            Manifest(),
            IsFinished(),
            hasEnd,
            hasLogprobs ? Digest("dis-logprobs/2", choice => choice.Logprobs.Bytes(), isForAll: true) : null,
            _choices.Values.Any(choice => choice.Extras.Count > 0)
                ? Digest("dis-extras/1", choice => [.. choice.Extras], isForAll: false)
                : null,
            _model,
            (Counted("prompt_tokens"), Counted("completion_tokens"), Counted("total_tokens")),
            _tokens.Choices(_choices.Count, Counted("completion_tokens") ?? 0, salt),
            _tokens.Prompts(_choices.Count == 0 ? -1 : _choices.Keys.Max() / n, salt)
        );
    }

    private long? Counted(string name) => _counts.TryGetValue(name, out long count) ? count : null;

    private void Add(byte[] json)
    {
        using JsonDocument document = Parse(json);
        if (IsStream && document.RootElement.ValueKind == JsonValueKind.Null)
            return;
        SecondObject answer = Object(
            document.RootElement,
            "choices error object model usage prompt_token_ids sglext id created timings environment determinism"
        );
        RequireNumbers(document.RootElement, isLogprobs: false, "");
        bool isError = answer["error"] is not null || (answer["object"] is { } kind && Text(kind) == "error");
        _hasError |= isError;
        if (isError && answer["choices"] is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0)
            throw new NoFormException("an error beside choices");
        if (IsStream)
            SecondBreaks.Require(document.RootElement);
        foreach ((string name, JsonElement value) in answer.Order)
        {
            switch (name)
            {
                case "choices":
                    AddChoices(value);
                    break;
                case "environment" or "determinism" when IsStream:
                    throw new NoFormException("a member that the server sends in no event");
                case "model":
                    AddModel(value);
                    break;
                case "usage":
                    AddUsage(Object(value, "prompt_tokens completion_tokens total_tokens"));
                    break;
                case "prompt_token_ids":
                    _tokens.AddPrompt(0, value);
                    break;
                case "sglext":
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

    private void AddModel(JsonElement value)
    {
        string model = String(value);
        if (value.GetRawText().Length > 1024 && Encoding.UTF8.GetByteCount(value.GetRawText()) > 1024)
            throw new NoFormException("a long model");
        if (HasHalfPair(model))
            throw new NoFormException("half of a pair in a model");
        if (model.Length == 0)
            return;
        _model ??= model;
        if (_model != model)
            throw new NoFormException("a second model");
    }

    private void AddUsage(SecondObject usage)
    {
        foreach ((string name, JsonElement value) in usage.Order.Where(member => !usage.IsOther(member.Name)))
            _counts[name] = Whole(value, long.MaxValue, "a count that is none");
    }

    private void AddChoices(JsonElement list)
    {
        RequireKind(list, JsonValueKind.Array);
        int position = 0,
            count = list.GetArrayLength();
        long last = -1;
        foreach (JsonElement element in list.EnumerateArray())
        {
            string inner = IsStream ? "delta" : "message";
            SecondObject choice = Object(
                element,
                $"index text finish_reason logprobs token_ids response_token_ids prompt_token_ids {inner}"
            );
            long index =
                choice["index"] is { } given ? Whole(given, int.MaxValue, "an index that is none")
                : Planted == Defect.IndexIsZero ? 0
                : position;
            if (!IsStream && count > 1 && choice["index"] is null && Planted != Defect.IndexIsPosition)
                throw new NoFormException("one of several without an index");
            RequireOneWay("choices", choice["index"] is not null);
            RequireOrder(index, position, ref last);
            position++;
            if (!_choices.TryGetValue(index, out SecondChoice? state))
                _choices.Add(index, state = new SecondChoice(IsStream, Planted));
            state.BeginEvent();
            bool hasText = AddChoice(state, choice, inner);
            string? finish = choice["finish_reason"] is { } reason ? String(reason) : null;
            if (IsStream && finish == "")
                throw new NoFormException("an event with an empty reason to finish");
            if (finish is not null)
                state.AddFinish(finish);
            foreach ((string name, JsonElement value) in choice.Order)
            {
                if (name == "prompt_token_ids")
                    _tokens.AddPrompt(index / n, value);
                else if (name is "token_ids" or "response_token_ids")
                    _tokens.AddChoice(index, value);
            }
            _tokens.EndChoice(
                index,
                choice["token_ids"] is not null,
                choice["response_token_ids"] is not null,
                hasText,
                !string.IsNullOrEmpty(finish)
            );
            state.EndEvent();
        }
    }

    /// <summary>In a stream all have an index or none has one.</summary>
    private void RequireOneWay(string what, bool hasIndex)
    {
        if (IsStream && Planted != Defect.BothWays && _story.Of(what, $"{hasIndex}") != $"{hasIndex}")
            throw new NoFormException("some with an index and some without");
    }

    private void RequireOrder(long index, int position, ref long last)
    {
        if (index <= last)
            throw new NoFormException("out of order, or twice");
        if (!IsStream && index != position)
            throw new NoFormException("an index that is not the position");
        last = index;
    }

    /// <returns>Whether it has text, as the rules for tokens say.</returns>
    private bool AddChoice(SecondChoice state, SecondObject choice, string inner)
    {
        bool hasText = state.AddText("text", choice["text"]);
        // Members and those of the message stand in the order of the text, which counts for those that are not read.
        foreach ((string name, JsonElement value) in choice.Order)
        {
            if (choice.IsOther(name))
                state.AddExtra("choice", name, value);
            else if (name == "logprobs")
                state.Logprobs.Add(value);
            else if (name == inner)
                hasText |= AddMessage(state, value);
        }
        return hasText;
    }

    private bool AddMessage(SecondChoice state, JsonElement element)
    {
        SecondObject message = Object(
            element,
            "role content reasoning_content reasoning refusal function_call tool_calls"
        );
        if (message["role"] is { } role)
            state.AddRole(String(role));
        bool hasText = state.AddText("content", message["content"]);
        hasText |= state.AddReasoning(message["reasoning_content"], message["reasoning"]);
        state.AddText("refusal", message["refusal"]);
        if (message["function_call"] is { } function)
        {
            SecondObject call = Function(function, "arguments");
            if (call["name"] is null && call["arguments"] is null)
                throw new NoFormException("a function call of nothing");
            state.AddName("call.name", call["name"]);
            state.AddText("call.arguments", call["arguments"]);
        }
        foreach ((string name, JsonElement value) in message.Order)
        {
            if (name == "tool_calls")
                AddTools(state, value);
            else if (message.IsOther(name) && name != "parsed")
                state.AddExtra("message", name, value);
        }
        return hasText;
    }

    /// <summary>A function or the like: what it has is read, or null, or another reading of its arguments.</summary>
    private static SecondObject Function(JsonElement value, string input)
    {
        SecondObject function = Object(value, $"name {input}");
        foreach ((string name, JsonElement _) in function.Order)
        {
            if (function.IsOther(name) && name != "parsed_arguments")
                throw new NoFormException("a function with another member");
        }
        return function;
    }

    private void AddTools(SecondChoice state, JsonElement list)
    {
        RequireKind(list, JsonValueKind.Array);
        int position = 0;
        long last = -1;
        foreach (JsonElement one in list.EnumerateArray())
        {
            SecondObject call = Object(one, "id type function custom" + (IsStream ? " index" : ""));
            long number = position;
            if (IsStream)
            {
                if (call["index"] is { } given)
                    number = Whole(given, int.MaxValue, "an index that is none");
                RequireOneWay("tools", call["index"] is not null);
                RequireOrder(number, position, ref last);
            }
            position++;
            SecondTool tool = state.Tool(number);
            if (call["id"] is { } id)
                tool.AddId(String(id));
            if (call["type"] is { } type)
                tool.AddType(String(type));
            if (call["function"] is { } function)
            {
                SecondObject parts = Function(function, "arguments");
                tool.AddKind("function");
                state.AddName($"tool {number} name", parts["name"]);
                state.AddText($"tool {number} arguments", parts["arguments"]);
            }
            if (call["custom"] is { } custom)
            {
                SecondObject parts = Function(custom, "input");
                tool.AddKind("custom");
                state.AddName($"tool {number} name", parts["name"]);
                state.AddText($"tool {number} input", parts["input"]);
            }
            foreach ((string name, JsonElement value) in call.Order.Where(member => call.IsOther(member.Name)))
            {
                // Of a JSON answer the position counts, and nothing else.
                if (name != "index")
                    state.AddExtra($"tool.{number}", name, value);
            }
        }
    }

    private void AddExtension(SecondObject extension)
    {
        foreach ((string name, JsonElement value) in extension.Order)
        {
            if (name == "input_ids")
                _tokens.AddPrompt(0, value);
            else if (name == "output_ids")
                _tokens.AddLists(value);
        }
    }

    private bool IsFinished() =>
        _choices.Count > 0
        && _choices.Keys.Max() == _choices.Count - 1
        && _choices.Values.All(choice => choice.Finish is not (null or "" or "abort" or "error"))
        && !_hasError;

    private string Manifest()
    {
        var text = new StringBuilder($"dis-out/2\nchoices {_choices.Count}\n");
        foreach ((long index, SecondChoice choice) in _choices)
        {
            foreach ((string name, string channel) in choice.Channels())
            {
                byte[] bytes = SecondChoice.Bytes(channel);
                if (bytes.Length > 0 || name.EndsWith(".type", StringComparison.Ordinal))
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"{index} {name} {bytes.Length} {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n"
                    );
            }
        }
        return text.ToString();
    }

    /// <summary>A line for each choice, or for each that has something.</summary>
    private string Digest(string form, Func<SecondChoice, byte[]> part, bool isForAll)
    {
        var lines = new StringBuilder(form + "\n");
        foreach ((long index, SecondChoice choice) in _choices)
        {
            byte[] bytes = part(choice);
            if (isForAll || bytes.Length > 0)
                lines.Append(
                    CultureInfo.InvariantCulture,
                    $"{index} {bytes.Length} {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n"
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

    [GeneratedRegex(
        """"
            "([^"\\]|\\.)*"|-?Infinity|NaN
            """",
        RegexOptions.Singleline
    )]
    private static partial Regex StringOrWord();
}
