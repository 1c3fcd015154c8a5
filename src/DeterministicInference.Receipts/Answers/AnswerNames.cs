using System.Buffers;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>The objects whose members are read.</summary>
internal enum AnswerObject
{
    Answer,
    Usage,
    Extension,
    JsonChoice,
    EventChoice,
    Message,
    JsonTool,
    EventTool,
    Call,
    CustomCall,
    Logprobs,
    Logprob,
    Alternative,
}

/// <summary>
/// Names that are not read and that some readers take for something else: those that differ from a name that is read
/// only in case, and <c>__proto__</c>.
/// </summary>
internal static class AnswerNames
{
    /// <summary>
    /// No name that is read is longer, and no character that folds to a letter has more than 3 bytes.
    /// </summary>
    private const int LongestVariant = 3 * 18;

    /// <summary>
    /// The names that honest engines write consist of these. None of them has another spelling in lower case.
    /// </summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_.-"u8);

    private static ReadOnlySpan<byte> Prototype => "__proto__"u8;

    /// <summary>Refuses such a name.</summary>
    /// <param name="members">Stands at a member that is not read.</param>
    /// <param name="parts">Gets the error.</param>
    public static void RequireUnmistakable(scoped in MemberScope members, AnswerParts parts)
    {
        ReadOnlySpan<byte> name = members.Name;
        if (name.ContainsAnyExcept(Plain))
        {
            if (IsVariant(name, members.Object))
            {
                parts.Refuse(
                    CanonicalFormError.MistakableName,
                    "A name that differs from one that is read only in case",
                    members.Start
                );
            }
        }
        else if (name.Length == Prototype.Length && name.SequenceEqual(Prototype))
        {
            // https://tc39.es/ecma262/#sec-object.prototype.__proto__: a reader that assigns members one by one, as
            // accumulators of streams do, sets the prototype, whose members then seem to be the object's own.
            parts.Refuse(
                CanonicalFormError.MistakableName,
                "A name that is an object's prototype to some readers",
                members.Start
            );
        }
    }

    private static bool IsVariant(ReadOnlySpan<byte> name, AnswerObject of)
    {
        if (name.Length > LongestVariant)
            return false;
        Span<byte> folded = stackalloc byte[LongestVariant];
        int length = Fold(name, folded);
        return AnswerMembers.Of(of, folded[..length]) > AnswerMember.Envelope;
    }

    /// <summary>
    /// What is left of the case of letters by the widest rule that is in use: Unicode's simple case folding, with which
    /// U+017F is an s and U+212A a k (Go, https://pkg.go.dev/encoding/json#Unmarshal), and U+0130 and U+0131, which
    /// are an i where upper and lower case are taken by turns (Java, <c>String.equalsIgnoreCase</c>).
    /// </summary>
    private static int Fold(ReadOnlySpan<byte> name, Span<byte> folded)
    {
        int length = 0;
        while (!name.IsEmpty)
        {
            (byte letter, int taken) = name switch
            {
                [>= (byte)'A' and <= (byte)'Z', ..] => ((byte)(name[0] | 0x20), 1),
                [0xC5, 0xBF, ..] => ((byte)'s', 2),
                [0xE2, 0x84, 0xAA, ..] => ((byte)'k', 3),
                [0xC4, 0xB0 or 0xB1, ..] => ((byte)'i', 2),
                _ => (name[0], 1),
            };
            folded[length++] = letter;
            name = name[taken..];
        }
        return length;
    }
}
