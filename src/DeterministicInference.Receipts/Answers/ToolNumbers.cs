using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// Numbers the tool calls of a stream in which they have no index, as clients do that know such engines: one with an id
/// other than the one before, or with a second name, is the next.
/// </summary>
internal sealed class ToolNumbers
{
    private readonly Dictionary<int, Call> _last = [];

    /// <summary>Numbers the tool calls of one choice of an event.</summary>
    /// <param name="parts">The parts of the choice.</param>
    /// <param name="choice">Which choice it is.</param>
    /// <param name="json">The event.</param>
    public void Number(Span<AnswerPart> parts, int choice, ReadOnlySpan<byte> json)
    {
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Kind != AnswerPartKind.Tool || !parts[i].Is(AnswerPartTraits.LacksIndex))
                continue;
            int end = i + 1;
            while (end < parts.Length && parts[end].Start < parts[i].End)
                end++;
            Call call = Next(_last.GetValueOrDefault(choice), parts[i..end], json);
            _last[choice] = call;
            foreach (ref AnswerPart part in parts[i..end])
                part = part with { Tool = call.Number };
        }
    }

    private static Call Next(Call? last, ReadOnlySpan<AnswerPart> tool, ReadOnlySpan<byte> json)
    {
        byte[]? id = null;
        bool hasName = false;
        foreach (ref readonly AnswerPart part in tool)
        {
            bool isEmpty = json[part.Value].SequenceEqual("\"\""u8);
            if (part.Kind == AnswerPartKind.ToolId && !isEmpty)
                id = json[part.Value].ToArray();
            hasName |= part.Kind == AnswerPartKind.ToolName && !isEmpty;
        }
        if (last is null)
            return new Call(0, id, hasName);
        bool isOther = id is not null && last.Id is not null && !CanonicalJson.AreEqual(id, last.Id);
        return isOther || (hasName && last.HasName)
            ? new Call(last.Number + 1, id, hasName)
            : new Call(last.Number, last.Id ?? id, last.HasName || hasName);
    }

    private sealed record Call(int Number, byte[]? Id, bool HasName);
}
