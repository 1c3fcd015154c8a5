using System.Globalization;
using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Puts together what a client shows of an answer: of a JSON object, or of the events of a stream.</summary>
/// <param name="reader">The kind of client.</param>
/// <param name="isStream">Whether it gets <c>delta</c> or <c>message</c>.</param>
/// <param name="stopsAtFinish">A choice ends for it at the first reason to finish.</param>
internal sealed class ShownAnswer(ClientReader reader, bool isStream, bool stopsAtFinish)
{
    /// <summary>Members that some clients show besides the answer, at any level.</summary>
    public static IReadOnlyList<string> Extras { get; } =
    ["annotations", "audio", "thinking", "reasoning_details", "images", "citations", "sources"];

    private static readonly string[] Counts = ["prompt_tokens", "completion_tokens", "total_tokens"];

    private readonly SortedDictionary<string, ShownChoice> _choices = new(StringComparer.Ordinal);
    private readonly ShownFields _top = new(reader);
    private LooseJson? _usage;
    private string? _error;

    /// <summary>Whether anything of a choice came after its finish.</summary>
    public bool GoesOn { get; private set; }

    /// <summary>Takes the answer, or the next event.</summary>
    public void Add(LooseJson json)
    {
        // The SDKs raise an error at such an event and read none after it.
        if (_error is not null)
            return;
        _error = ErrorOf(json);
        _top.Take(json, "model");
        _top.Take(json, "environment");
        _top.Take(json, "prompt_token_ids");
        if (reader.Get(json, "sglext") is { } extension)
        {
            _top.Take(extension, "output_ids");
            _top.Take(extension, "input_ids");
        }
        AddExtras(_top, json);
        // A stream has no receipt in its events.
        if (isStream)
            _top.Take(json, "determinism");
        // Of a stream that tells counts as it goes, the last ones are those of the whole.
        if (reader.Get(json, "usage") is { } usage)
            _usage = usage;
        int place = 0;
        var seen = new HashSet<string>();
        foreach (LooseJson choice in reader.List(json, "choices"))
        {
            string id = IdOf(choice, place++);
            // In one JSON answer the first or the last one of an index is found; the pieces of a stream are joined.
            if (!isStream && !seen.Add(id))
            {
                if (reader.TakesFirst)
                    continue;
                _choices.Remove(id);
            }
            if (!_choices.TryGetValue(id, out ShownChoice? shown))
                _choices[id] = shown = new ShownChoice(reader, isStream);
            GoesOn |= shown.IsFinished;
            if (!(stopsAtFinish && shown.IsFinished))
                AddChoice(shown, choice);
        }
    }

    /// <summary>What can't be parsed ends the reading of an SDK with an error.</summary>
    public void AddUnreadable(string text) => _error ??= $"[can't be read] {text}";

    public void Show(Reading reading, string prefix)
    {
        reading.Show($"{prefix} error", _error);
        _top.Show(reading, prefix);
        foreach (string count in Counts)
            reading.Show($"{prefix} usage {count}", reader.Number(reader.Get(_usage, count)));
        foreach ((string id, ShownChoice choice) in _choices)
            choice.Show(reading, $"{prefix} choice {id}");
    }

    private void AddChoice(ShownChoice shown, LooseJson choice)
    {
        shown.Add(choice);
        AddExtras(shown.Fields, choice);
        foreach (string holder in new[] { "message", "delta" })
        {
            LooseJson? message = reader.Get(choice, holder);
            if (message is null)
                continue;
            // Some clients look for the other one where the usual one has nothing.
            bool isUsual = holder == (isStream ? "delta" : "message");
            shown.AddMessage(message, isUsual);
            AddExtras(shown.Fields, message);
        }
    }

    private static void AddExtras(ShownFields fields, LooseJson json)
    {
        foreach (string extra in Extras)
            fields.Take(json, extra);
    }

    private string IdOf(LooseJson choice, int place)
    {
        if (reader.ByPlace)
            return place.ToString(CultureInfo.InvariantCulture);
        LooseJson? index = reader.Get(choice, "index");
        return index is null ? "0" : reader.Number(index)!;
    }

    private string? ErrorOf(LooseJson json)
    {
        LooseJson? error = reader.Get(json, "error");
        bool isFalse = error is { Kind: LooseKind.Boolean or LooseKind.Number, Text: "false" or "0" };
        return error is null || isFalse || error is { Kind: LooseKind.Text, Text: "" }
            ? reader.Shown(json, "object") == "error"
                ? $"[object] {reader.Shown(json, "message")}"
                : null
            : reader.Whole(error);
    }
}

/// <summary>Members that are shown whole: of a stream the first or the last that is not null.</summary>
internal sealed class ShownFields(ClientReader reader)
{
    private readonly Dictionary<string, string> _values = [];

    public void Take(LooseJson json, string name)
    {
        if (reader.Get(json, name) is not { } value || value is { IsArray: true, Items.Count: 0 })
            return;
        string shown = Shown(reader, value)!;
        if (reader.TakesFirst)
            _values.TryAdd(name, shown);
        else
            _values[name] = shown;
    }

    /// <summary>A text as it is, and another value whole.</summary>
    public static string? Shown(ClientReader reader, LooseJson? value) =>
        value is { Kind: not LooseKind.Text } ? reader.Whole(value) : value?.Text;

    public void Show(Reading reading, string prefix)
    {
        foreach ((string name, string value) in _values)
            reading.Show($"{prefix} {name}", value);
    }
}

/// <summary>Texts that the fragments of an answer make up.</summary>
internal sealed class ShownTexts
{
    private readonly Dictionary<string, StringBuilder> _texts = [];

    public bool Has(string name) => _texts.TryGetValue(name, out StringBuilder? text) && text.Length > 0;

    public void Append(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return;
        if (!_texts.TryGetValue(name, out StringBuilder? held))
            _texts[name] = held = new StringBuilder();
        held.Append(text);
    }

    public void Replace(string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
            _texts[name] = new StringBuilder(text);
    }

    public void Show(Reading reading, string prefix)
    {
        foreach ((string name, StringBuilder text) in _texts)
            reading.Show($"{prefix} {name}", text.ToString());
    }
}
