using System.Globalization;
using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>What a client shows of a choice.</summary>
internal sealed class ShownChoice(ClientReader reader, bool isStream)
{
    private static readonly string[] IdNames = ["token_ids", "response_token_ids"];

    private readonly ShownTexts _texts = new();
    private readonly SortedDictionary<string, ShownTexts> _tools = new(StringComparer.Ordinal);

    /// <summary>Members that are shown whole.</summary>
    public ShownFields Fields { get; } = new(reader);

    /// <summary>Whether a reason to finish came before this event.</summary>
    public bool IsFinished { get; private set; }

    public void Add(LooseJson choice)
    {
        _texts.Append("text", reader.Shown(choice, "text"));
        Fields.Take(choice, "error");
        Fields.Take(choice, "prompt_token_ids");
        foreach (string name in IdNames)
            _texts.Append(name, Ids(reader.Get(choice, name)));
        if (reader.Get(choice, "logprobs") is { } logprobs)
            AddLogprobs(logprobs);
        if (reader.Shown(choice, "finish_reason") is { } finish)
        {
            _texts.Replace("finish", finish);
            IsFinished = true;
        }
    }

    /// <summary>Takes a <c>message</c> or <c>delta</c>.</summary>
    /// <param name="message">It.</param>
    /// <param name="isUsual">Whether it has the name that belongs to the delivery.</param>
    public void AddMessage(LooseJson message, bool isUsual)
    {
        string? content = reader.Shown(message, "content");
        if (!isUsual)
        {
            _texts.Append("content of the other name", content);
            return;
        }
        Fields.Take(message, "error");
        _texts.Append("content", content);
        _texts.Append("refusal", reader.Shown(message, "refusal"));
        string? newer = reader.Shown(message, "reasoning"),
            older = reader.Shown(message, "reasoning_content");
        _texts.Append("reasoning, reasoning_content preferred", older ?? newer);
        _texts.Append("reasoning, reasoning preferred", newer ?? older);
        // https://github.com/openai/openai-node: the last role counts; typed clients keep the first.
        if (!reader.TakesFirst || !_texts.Has("role"))
            _texts.Replace("role", reader.Shown(message, "role"));
        if (reader.Get(message, "function_call") is { } call)
        {
            // An empty call is shown too.
            _texts.Replace("function_call", "yes");
            AddCall(_texts, "function_call ", call);
        }
        int place = 0;
        foreach (LooseJson tool in reader.List(message, "tool_calls"))
            AddTool(tool, place++);
    }

    public void Show(Reading reading, string prefix)
    {
        _texts.Show(reading, prefix);
        Fields.Show(reading, prefix);
        foreach ((string id, ShownTexts tool) in _tools)
            tool.Show(reading, $"{prefix} tool {id}");
    }

    private void AddTool(LooseJson tool, int place)
    {
        // The tool calls of a JSON answer have no index.
        string id =
            isStream && !reader.ByPlace && reader.Get(tool, "index") is { } index
                ? reader.Number(index)!
                : place.ToString(CultureInfo.InvariantCulture);
        if (!_tools.TryGetValue(id, out ShownTexts? shown))
            _tools[id] = shown = new ShownTexts();
        shown.Replace("type", reader.Shown(tool, "type"));
        shown.Replace("is there", "yes");
        foreach (string extra in ShownAnswer.Extras.Append("error"))
            shown.Replace(extra, ShownFields.Shown(reader, reader.Get(tool, extra)));
        foreach (string kind in new[] { "function", "custom" })
        {
            if (reader.Get(tool, kind) is { } call)
                AddCall(shown, kind + " ", call);
        }
    }

    /// <summary>The SDK for Node takes the last name, the one for Python joins them.</summary>
    private void AddCall(ShownTexts shown, string prefix, LooseJson call)
    {
        string? name = reader.Shown(call, "name");
        shown.Replace(prefix + "name, replaced", name);
        shown.Append(prefix + "name, joined", name);
        shown.Append(prefix + "arguments", reader.Shown(call, "arguments"));
        shown.Append(prefix + "input", reader.Shown(call, "input"));
    }

    private void AddLogprobs(LooseJson logprobs)
    {
        if (!logprobs.IsObject)
        {
            _texts.Append("logprobs", reader.Shown(logprobs));
            return;
        }
        foreach (string name in new[] { "content", "refusal" })
        {
            foreach (LooseJson token in reader.List(logprobs, name))
            {
                _texts.Append($"logprobs {name}", Token(token));
                foreach (LooseJson other in reader.List(token, "top_logprobs"))
                    _texts.Append($"logprobs {name}", " or " + Token(other));
            }
        }
        foreach (LooseJson token in reader.List(logprobs, "tokens"))
            _texts.Append("logprobs tokens", $"{reader.Shown(token)}\n");
        foreach (LooseJson number in reader.List(logprobs, "token_logprobs"))
            _texts.Append("logprobs numbers", $"{reader.Number(number)}\n");
        foreach (LooseJson others in reader.List(logprobs, "top_logprobs"))
            _texts.Append("logprobs alternatives", $"{Alternatives(others)}\n");
    }

    private string Token(LooseJson token) =>
        $"{reader.Shown(token, "token")} = {reader.Number(reader.Get(token, "logprob"))}\n";

    private string Alternatives(LooseJson others)
    {
        var text = new StringBuilder();
        foreach (string name in others.Members.Select(member => member.Name).Distinct())
            text.Append(CultureInfo.InvariantCulture, $"{name} = {reader.Number(reader.Get(others, name))}, ");
        return text.ToString();
    }

    private string? Ids(LooseJson? ids) =>
        ids is null ? null
        : ids.IsArray ? string.Concat(ids.Items.Select(id => reader.Number(id) + " "))
        : reader.Shown(ids);
}
