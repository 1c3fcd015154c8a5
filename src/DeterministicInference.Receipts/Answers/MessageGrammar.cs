using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>The part of the grammar that is about a choice's message, which in an event is called its delta.</summary>
internal sealed class MessageGrammar(AnswerDelivery delivery)
{
    /// <summary>The names that a fragment of reasoning can have, or both.</summary>
    public const AnswerPartTraits ReasoningNames = AnswerPartTraits.IsReasoningContent | AnswerPartTraits.IsReasoning;

    private readonly bool _isEvent = delivery == AnswerDelivery.Sse;

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
                    parts.Pass(ref json, AnswerPartKind.Content, members);
                    break;
                case AnswerMember.ReasoningContent:
                    reasoningContent = parts.Count;
                    parts.Pass(ref json, AnswerPartKind.Reasoning, members);
                    break;
                case AnswerMember.Reasoning:
                    reasoning = parts.Count;
                    parts.Pass(ref json, AnswerPartKind.Reasoning, members);
                    break;
                case AnswerMember.Refusal:
                    parts.Pass(ref json, AnswerPartKind.Refusal, members);
                    break;
                case AnswerMember.Role when json.Peek() == '"':
                    parts.Pass(ref json, AnswerPartKind.Role, members);
                    break;
                case AnswerMember.FunctionCall:
                    ReadCall(ref json, parts, AnswerPartKind.CallName, AnswerPartKind.CallArguments);
                    break;
                case AnswerMember.ToolCalls:
                    ReadTools(ref json, parts);
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
        parts.HasCallsOrReasoning = true;
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
        for (int position = 0; json.NextElement(ref isFirst); position++)
        {
            if (parts.OpenObject(ref json, isNullFine: false))
                ReadTool(ref json, parts, position);
        }
    }

    private void ReadTool(ref JsonCursor json, AnswerParts parts, int position)
    {
        int at = parts.Begin(AnswerPartKind.Tool, json.At - 1);
        int? index = null;
        AnswerPartTraits kinds = AnswerPartTraits.None;
        parts.HasCallsOrReasoning = true;
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
                    index = parts.ReadIndex(ref json);
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
                case AnswerMember.Function:
                    kinds |= isNull ? AnswerPartTraits.None : AnswerPartTraits.IsFunction;
                    ReadCall(ref json, parts, AnswerPartKind.ToolName, AnswerPartKind.ToolArguments);
                    break;
                case AnswerMember.Custom:
                    kinds |= isNull ? AnswerPartTraits.None : AnswerPartTraits.IsCustom;
                    ReadCall(ref json, parts, AnswerPartKind.ToolName, AnswerPartKind.ToolInput);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        if (kinds == (AnswerPartTraits.IsFunction | AnswerPartTraits.IsCustom))
        {
            parts.Refuse(
                CanonicalFormError.Contradiction,
                "A tool call that is both a function and custom",
                parts.Span[at].ValueStart
            );
        }
        parts.End(at, json.At, kinds);
        parts.AssignTool(at, index ?? position);
    }

    private static void ReadCall(ref JsonCursor json, AnswerParts parts, AnswerPartKind name, AnswerPartKind input)
    {
        if (!parts.OpenObject(ref json))
            return;
        parts.HasCallsOrReasoning = true;
        bool isCustom = input == AnswerPartKind.ToolInput;
        var members = new MemberScope(isCustom ? AnswerObject.CustomCall : AnswerObject.Call);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfCall(members.Name, isCustom);
            parts.RequireFirst(member, ref members);
            if (member == AnswerMember.Other || json.Peek() == 'n')
                json.Skip();
            else
                parts.Pass(ref json, member == AnswerMember.Name ? name : input, members);
        }
    }
}
