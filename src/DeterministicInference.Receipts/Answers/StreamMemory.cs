using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// What the events of one stream said of calls, reasoning, roles and ends, where clients put the pieces together in
/// different ways: a second name replaces the first in some and is joined to it in others, reasoning under two names is
/// read under one of them, and what follows a finish reason is read or not. It holds hashes, never text.
/// </summary>
internal sealed class StreamMemory
{
    private const AnswerPartTraits Kinds = AnswerPartTraits.IsFunction | AnswerPartTraits.IsCustom;

    /// <summary>The place of <c>function_call</c> beside tool calls.</summary>
    private const int FunctionCall = -1;

    private readonly Dictionary<(int Choice, int Tool), Call> _calls = [];
    private readonly Dictionary<int, AnswerPartTraits> _reasoning = [];
    private readonly Dictionary<int, Sha256Value> _roles = [],
        _finishes = [];

    /// <summary>Whether a choice has come to its end.</summary>
    public bool HasFinished => _finishes.Count > 0;

    /// <summary>Adds the next event, and refuses what contradicts those before.</summary>
    public void Add(AnswerParts parts, ReadOnlySpan<byte> json)
    {
        foreach (ref readonly AnswerPart part in parts.Span)
        {
            switch (part.Kind)
            {
                case AnswerPartKind.Tool:
                    AddKind(parts, part);
                    break;
                case AnswerPartKind.ToolId when !IsEmpty(part, json):
                    AddId(parts, part, json);
                    break;
                case AnswerPartKind.ToolName when !IsEmpty(part, json):
                    AddName(parts, part, part.Tool);
                    break;
                case AnswerPartKind.CallName when !IsEmpty(part, json):
                    AddName(parts, part, FunctionCall);
                    break;
                case AnswerPartKind.Reasoning when !IsEmpty(part, json):
                    AddReasoning(parts, part);
                    break;
                case AnswerPartKind.Role when !IsEmpty(part, json) && json[part.ValueStart] == '"':
                    AddOnly(_roles, parts, part, json, "Another role than before");
                    // Another role is bound, and a client that stops at the end does not see it.
                    if (!JsonStrings.AreEqual(json[part.Value][1..^1], "assistant"u8))
                        RequireOpen(parts, part);
                    break;
            }
            if (part.Kind is >= AnswerPartKind.Text and < AnswerPartKind.Finish && !IsEmpty(part, json))
                RequireOpen(parts, part);
        }
        // After all of the event: a finish reason may stand before the last text in it.
        foreach (ref readonly AnswerPart part in parts.Span)
        {
            if (part.Kind == AnswerPartKind.Finish && !IsEmpty(part, json))
                AddOnly(_finishes, parts, part, json, "Another finish reason than before");
        }
    }

    private void RequireOpen(AnswerParts parts, in AnswerPart fragment)
    {
        if (_finishes.ContainsKey(fragment.Choice))
            Refuse(parts, "A piece of a choice that has come to its end", fragment.Start);
    }

    private static void AddOnly(
        Dictionary<int, Sha256Value> only,
        AnswerParts parts,
        in AnswerPart part,
        ReadOnlySpan<byte> json,
        string second
    )
    {
        if (json[part.ValueStart] != '"')
            return;
        Sha256Value hash = HashOf(part, json);
        if (!only.TryAdd(part.Choice, hash) && only[part.Choice] != hash)
            Refuse(parts, second, part.Start);
    }

    /// <summary>Of the UTF-16 units: half pairs differ from each other.</summary>
    private static Sha256Value HashOf(in AnswerPart part, ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> escaped = json[(part.ValueStart + 1)..(part.End - 1)];
        // Some engines repeat a role or id in every event, which is to cost no memory.
        if (!escaped.Contains((byte)'\\'))
            return Sha256Value.Of(escaped);
        using var hash = new HashWriter();
        JsonStrings.Write(escaped, hash, quoted: false);
        return hash.Finish();
    }

    private static bool IsEmpty(in AnswerPart part, ReadOnlySpan<byte> json) =>
        json[part.Value].SequenceEqual("\"\""u8);

    private void AddKind(AnswerParts parts, in AnswerPart tool)
    {
        ref Call call = ref CallOf(tool, tool.Tool);
        call.Kinds |= tool.Traits & Kinds;
        if (call.Kinds == Kinds)
            Refuse(parts, "A tool call that is a function in one event and custom in another", tool.ValueStart);
    }

    private void AddId(AnswerParts parts, in AnswerPart id, ReadOnlySpan<byte> json)
    {
        ref Call call = ref CallOf(id, id.Tool);
        Sha256Value hash = HashOf(id, json);
        if (call.Id is { } first && first != hash)
            Refuse(parts, "Another id of the same tool call", id.Start);
        call.Id ??= hash;
    }

    private void AddName(AnswerParts parts, in AnswerPart name, int tool)
    {
        ref Call call = ref CallOf(name, tool);
        if (call.HasName)
            Refuse(parts, "A second name of the same call", name.Start);
        call.HasName = true;
    }

    private void AddReasoning(AnswerParts parts, in AnswerPart fragment)
    {
        AnswerPartTraits names = fragment.Traits & MessageGrammar.ReasoningNames;
        ref AnswerPartTraits before = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _reasoning,
            fragment.Choice,
            out bool isKnown
        );
        if (isKnown && before != names)
            Refuse(parts, "Reasoning under another name than before", fragment.Start);
        before = names;
    }

    private ref Call CallOf(in AnswerPart part, int tool) =>
        ref CollectionsMarshal.GetValueRefOrAddDefault(_calls, (part.Choice, tool), out _);

    private static void Refuse(AnswerParts parts, string what, int at) =>
        parts.Refuse(CanonicalFormError.Contradiction, what, at);

    private record struct Call
    {
        public AnswerPartTraits Kinds { get; set; }

        public Sha256Value? Id { get; set; }

        public bool HasName { get; set; }
    }
}
