using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// The part of the grammar that is about token ids. What is no list of them is malformed, not refused.
/// </summary>
internal static class TokenIdGrammar
{
    /// <summary>A list of ids, or null.</summary>
    public static void ReadList(
        ref JsonCursor json,
        AnswerParts parts,
        AnswerPartKind kind,
        scoped in MemberScope members,
        AnswerPartTraits traits = AnswerPartTraits.None
    )
    {
        int at = parts.Begin(kind, members, json.At);
        bool isFine = json.PassNull() || PassIds(ref json);
        parts.End(at, json.At, isFine ? traits : traits | AnswerPartTraits.IsMalformed);
    }

    /// <summary>The object <c>sglext</c>.</summary>
    /// <returns>Whether it has nothing but ids and null.</returns>
    public static bool ReadExtension(ref JsonCursor json, AnswerParts parts, scoped in MemberScope outer)
    {
        int at = parts.Begin(AnswerPartKind.Extension, outer, json.At);
        bool isBare = true;
        json.Open();
        var members = new MemberScope(AnswerObject.Extension);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfExtension(members.Name);
            parts.RequireFirst(member, ref members);
            switch (member)
            {
                case AnswerMember.OutputIds:
                    ReadLists(ref json, parts, members);
                    break;
                case AnswerMember.InputIds:
                    ReadList(ref json, parts, AnswerPartKind.PromptTokenIds, members);
                    break;
                default:
                    isBare &= json.Peek() == 'n';
                    json.Skip();
                    break;
            }
        }
        parts.End(at, json.At, isBare ? AnswerPartTraits.IsBare : AnswerPartTraits.None);
        return isBare;
    }

    private static void ReadLists(ref JsonCursor json, AnswerParts parts, scoped in MemberScope members)
    {
        int at = parts.Begin(AnswerPartKind.TokenIdLists, members, json.At);
        bool isFine = json.PassNull();
        if (!isFine && json.Peek() == '[')
        {
            isFine = true;
            json.Open();
            bool isFirst = true;
            for (int choice = 0; json.NextElement(ref isFirst); choice++)
            {
                int list = parts.Begin(AnswerPartKind.TokenIdList, json.At, choice);
                bool isList = PassIds(ref json);
                parts.End(list, json.At, isList ? AnswerPartTraits.None : AnswerPartTraits.IsMalformed);
            }
        }
        else if (!isFine)
        {
            json.Skip();
        }
        parts.End(at, json.At, isFine ? AnswerPartTraits.None : AnswerPartTraits.IsMalformed);
    }

    /// <returns>False if it is anything but a list of 32-bit numbers.</returns>
    private static bool PassIds(ref JsonCursor json)
    {
        if (json.Peek() != '[')
        {
            json.Skip();
            return false;
        }
        json.Open();
        bool isFirst = true,
            isFine = true;
        while (json.NextElement(ref isFirst))
        {
            int start = json.At;
            json.Skip();
            isFine &= Digits.TryRead(json.Text[start..json.At], uint.MaxValue, out _);
        }
        return isFine;
    }
}
