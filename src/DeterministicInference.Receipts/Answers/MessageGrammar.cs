using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Answers;

/// <summary>The part of the grammar that is about a choice's message, which in an event is called its delta.</summary>
/// <param name="delivery">What is read.</param>
/// <param name="repairs">See <see cref="AnswerReader"/>.</param>
internal sealed class MessageGrammar(AnswerDelivery delivery, bool repairs = false)
{
    /// <summary>The names that a fragment of reasoning can have, or both.</summary>
    public const AnswerPartTraits ReasoningNames = AnswerPartTraits.IsReasoningContent | AnswerPartTraits.IsReasoning;

    private readonly bool _isEvent = delivery == AnswerDelivery.Sse;

    /// <summary>Whether tool calls have an index; null until there was one.</summary>
    private bool? _haveIndex;

    /// <summary>The member of the choice.</summary>
    public ReadOnlySpan<byte> Name => _isEvent ? "delta"u8 : "message"u8;

    /// <returns>Whether it has nothing but null.</returns>
    public bool Read(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenObject(ref json))
            return true;
        bool isBare = true;
        int reasoningContent = -1,
            reasoning = -1;
        var members = new MemberScope(AnswerObject.Message);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfMessage(members.Name);
            parts.RequireFirst(member, ref members);
            if (json.PassNull())
                continue;
            isBare = false;
            switch (member)
            {
                case AnswerMember.Content:
                    parts.PassString(ref json, AnswerPartKind.Content, members);
                    break;
                case AnswerMember.ReasoningContent:
                    reasoningContent = parts.Count;
                    parts.PassString(ref json, AnswerPartKind.Reasoning, members);
                    break;
                case AnswerMember.Reasoning:
                    reasoning = parts.Count;
                    parts.PassString(ref json, AnswerPartKind.Reasoning, members);
                    break;
                case AnswerMember.Refusal:
                    parts.PassString(ref json, AnswerPartKind.Refusal, members);
                    break;
                case AnswerMember.Role:
                    parts.PassString(ref json, AnswerPartKind.Role, members);
                    parts.IsRemembered = true;
                    break;
                case AnswerMember.FunctionCall:
                    ReadCall(ref json, parts, AnswerPartKind.CallName, AnswerPartKind.CallArguments);
                    break;
                case AnswerMember.ToolCalls:
                    ReadTools(ref json, parts);
                    break;
                case AnswerMember.Other:
                    parts.PassExtra(ref json, AnswerPartKind.MessageExtra, members);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        if (reasoningContent >= 0 || reasoning >= 0)
            EndReasoning(parts, json.Text, reasoningContent, reasoning);
        return isBare;
    }

    /// <summary>One fragment of reasoning is left, which knows its names.</summary>
    private static void EndReasoning(AnswerParts parts, ReadOnlySpan<byte> json, int content, int reasoning)
    {
        parts.IsRemembered = true;
        if (content >= 0)
            parts.Mark(content, AnswerPartTraits.IsReasoningContent);
        if (reasoning < 0)
            return;
        parts.Mark(content >= 0 ? content : reasoning, AnswerPartTraits.IsReasoning);
        if (content < 0)
            return;
        AnswerPart other = parts.Span[reasoning];
        if (!CanonicalJson.AreEqual(json[parts.Span[content].Value], json[other.Value]))
            parts.Refuse(CanonicalFormError.Contradiction, "Reasoning that differs under its two names", other.Start);
        parts.Drop(reasoning);
    }

    private void ReadTools(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenArray(ref json))
            return;
        bool isFirst = true;
        int before = -1;
        for (int position = 0; json.NextElement(ref isFirst); position++)
        {
            int place = json.At;
            if (!parts.OpenObject(ref json, isNullFine: false))
                continue;
            int index = ReadTool(ref json, parts, position);
            parts.RequireOrder(index, before, place);
            before = index;
        }
    }

    /// <returns>Which of the tool calls it is.</returns>
    private int ReadTool(ref JsonCursor json, AnswerParts parts, int position)
    {
        int at = parts.Begin(AnswerPartKind.Tool, json.At - 1);
        int? index = null;
        bool namesIndex = false;
        AnswerPartTraits kinds = AnswerPartTraits.None;
        parts.IsRemembered = true;
        var members = new MemberScope(_isEvent ? AnswerObject.EventTool : AnswerObject.JsonTool);
        while (members.Next(ref json))
        {
            // In a JSON answer tool calls are counted.
            AnswerMember member = AnswerMembers.OfTool(members.Name, hasIndex: _isEvent);
            parts.RequireFirst(member, ref members);
            bool isNull = json.Peek() == 'n';
            switch (member)
            {
                case AnswerMember.Index:
                    namesIndex = true;
                    index = ReadIndex(ref json, parts, members);
                    break;
                case AnswerMember.Id when json.Peek() == '"':
                    parts.Pass(ref json, AnswerPartKind.ToolId, members);
                    break;
                case AnswerMember.Id when !isNull:
                    parts.Refuse(
                        CanonicalFormError.WrongType,
                        "A tool call's id must be a string or null, but another value is",
                        json.At
                    );
                    json.Skip();
                    break;
                case AnswerMember.Type when !isNull:
                    kinds |= ReadType(ref json, parts);
                    break;
                case AnswerMember.Function:
                    kinds |= isNull ? AnswerPartTraits.None : AnswerPartTraits.IsFunction;
                    ReadCall(ref json, parts, AnswerPartKind.ToolName, AnswerPartKind.ToolArguments);
                    break;
                case AnswerMember.Custom:
                    kinds |= isNull ? AnswerPartTraits.None : AnswerPartTraits.IsCustom;
                    ReadCall(ref json, parts, AnswerPartKind.ToolName, AnswerPartKind.ToolInput);
                    break;
                case AnswerMember.Other:
                    parts.PassExtra(ref json, AnswerPartKind.ToolExtra, members);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        if (_isEvent)
            AnswerReader.RequireLikeBefore(index is not null, ref _haveIndex, parts, parts.Span[at].Start);
        else if (kinds == AnswerPartTraits.None)
            parts.Refuse(CanonicalFormError.WrongType, "A tool call of no kind", parts.Span[at].Start);
        if (kinds == (AnswerPartTraits.IsFunction | AnswerPartTraits.IsCustom))
        {
            parts.Refuse(
                CanonicalFormError.Contradiction,
                "A tool call that is both a function and custom",
                parts.Span[at].ValueStart
            );
        }
        if (_isEvent && repairs && index is null)
            kinds |= AnswerPartTraits.LacksIndex | (namesIndex ? AnswerPartTraits.NamesIndex : AnswerPartTraits.None);
        parts.End(at, json.At, kinds);
        parts.AssignTool(at, index ?? position);
        return index ?? position;
    }

    /// <summary>
    /// Null, and a number in quotes, are no index to clients: of an engine's answer both are parts to be replaced.
    /// </summary>
    private int? ReadIndex(ref JsonCursor json, AnswerParts parts, scoped in MemberScope members)
    {
        int start = json.At;
        if (!repairs || json.Peek() is not ((byte)'n' or (byte)'"'))
            return parts.ReadIndex(ref json);
        bool isNull = json.Peek() == 'n';
        int end = EndOf(json);
        long index = 0;
        if (!isNull && !Digits.TryRead(json.Text[(start + 1)..(end - 1)], int.MaxValue, out index))
            return parts.ReadIndex(ref json);
        parts.Pass(ref json, AnswerPartKind.ToolIndex, members);
        return isNull ? null : (int)index;

        static int EndOf(JsonCursor ahead)
        {
            ahead.Skip();
            return ahead.At;
        }
    }

    /// <summary>The kind that a tool call says it is: what it calls has no other meaning to clients.</summary>
    private static AnswerPartTraits ReadType(ref JsonCursor json, AnswerParts parts)
    {
        int start = json.At;
        json.Skip();
        ReadOnlySpan<byte> value = json.Text[start..json.At];
        if (value[0] == '"')
        {
            ReadOnlySpan<byte> text = value[1..^1];
            if (text.IsEmpty)
                return AnswerPartTraits.None;
            if (JsonStrings.AreEqual(text, "function"u8))
                return AnswerPartTraits.IsFunction;
            if (JsonStrings.AreEqual(text, "custom"u8))
                return AnswerPartTraits.IsCustom;
        }
        parts.Refuse(CanonicalFormError.WrongType, "A tool call of an unknown kind", start);
        return AnswerPartTraits.None;
    }

    private void ReadCall(ref JsonCursor json, AnswerParts parts, AnswerPartKind name, AnswerPartKind input)
    {
        if (!parts.OpenObject(ref json))
            return;
        parts.IsRemembered = true;
        int place = json.At - 1,
            before = parts.Count;
        bool isCustom = input == AnswerPartKind.ToolInput;
        var members = new MemberScope(isCustom ? AnswerObject.CustomCall : AnswerObject.Call);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfCall(members.Name, isCustom);
            parts.RequireFirst(member, ref members);
            bool isNothing = json.Peek() == 'n' || member == AnswerMember.Envelope;
            if (member == AnswerMember.Other && !isNothing)
                parts.Refuse(CanonicalFormError.WrongType, "A member of a call that is not known", members.Start);
            if (isNothing || member == AnswerMember.Other)
                json.Skip();
            else if (repairs && member == AnswerMember.Arguments && json.Peek() is (byte)'{' or (byte)'[')
                PassStructure(ref json, parts, input, members);
            else
                parts.PassString(ref json, member == AnswerMember.Name ? name : input, members);
        }
        // It has no line in the output, and a client shows that there is a call.
        if (name == AnswerPartKind.CallName && parts.Count == before)
            parts.Refuse(CanonicalFormError.WrongType, "A function call without a name and arguments", place);
    }

    private static void PassStructure(
        ref JsonCursor json,
        AnswerParts parts,
        AnswerPartKind kind,
        scoped in MemberScope members
    )
    {
        int at = parts.Begin(kind, members, json.At);
        json.Skip();
        parts.End(at, json.At, AnswerPartTraits.IsStructure);
    }
}
