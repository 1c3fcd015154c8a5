using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// What the events of one stream said of calls and reasoning, where clients put the pieces together in different ways:
/// a second name replaces the first in some and is joined to it in others, and reasoning under two names is read under
/// one of them. It holds hashes, never text, and nothing for an answer without calls and reasoning.
/// </summary>
internal sealed class StreamMemory
{
    private const AnswerPartTraits Kinds = AnswerPartTraits.IsFunction | AnswerPartTraits.IsCustom;

    /// <summary>The place of <c>function_call</c> beside tool calls.</summary>
    private const int FunctionCall = -1;

    private readonly Dictionary<(int Choice, int Tool), Call> _calls = [];
    private readonly Dictionary<int, AnswerPartTraits> _reasoning = [];

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
            }
        }
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
        // As UTF-16 units: half pairs differ from each other.
        string text = JsonStrings.Decode(json[(id.ValueStart + 1)..(id.End - 1)]);
        var hash = Sha256Value.Of(MemoryMarshal.AsBytes(text.AsSpan()));
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
