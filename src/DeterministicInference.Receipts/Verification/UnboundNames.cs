using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// The names of members that no form reads. Whoever adds members may add very many, and a report that nobody reads to
/// its end would take several times their bytes: the first ones are kept.
/// </summary>
internal sealed class UnboundNames
{
    /// <summary>Most characters of all names together.</summary>
    private const int Room = 1 << 17;

    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private int _used;
    private bool _hasMore;

    /// <summary>The names, sorted; <c>…</c> behind them if there are more.</summary>
    public IReadOnlyList<string> All => _hasMore ? [.. _names, "…"] : [.. _names];

    /// <param name="member">JSON that begins at the name.</param>
    public void Add(ReadOnlySpan<byte> member)
    {
        if (_hasMore)
            return;
        // An event may repeat names that are there.
        string name = JsonStrings.Decode(new JsonCursor(member, AnswerReader.MaxDepth).ReadString());
        if (_names.Contains(name))
            return;
        _hasMore = name.Length > Room - _used;
        if (_hasMore)
            return;
        _names.Add(name);
        _used += name.Length;
    }
}
