using System.Numerics;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>The request that a statement commits to.</summary>
/// <param name="statement">What was sealed.</param>
/// <param name="salt">The receipt's for requests.</param>
internal sealed class SealedRequest(ReceiptStatement statement, Salt salt)
{
    /// <summary>Most members of which each selection is tried; of more only each one and all.</summary>
    private const int MaxSelected = 10;

    /// <summary>Most bytes of a request for which all selections are tried.</summary>
    private const int MaxSelectedBytes = 64 * 1024;

    /// <summary>Every server reads them.</summary>
    private static readonly HashSet<string> Core = new(StringComparer.Ordinal)
    {
        "model",
        "messages",
        "prompt",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "stop",
    };

    /// <summary>Whether it is this one.</summary>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public bool Is(ReadOnlySpan<byte> body) => Is(CanonicalRequest.Digest(statement.RequestPath, body));

    /// <summary>
    /// The fewest members without which it is this one; null if there are none. Routers drop members that they don't
    /// know.
    /// </summary>
    public IReadOnlyList<string>? MembersDropped(ReadOnlySpan<byte> body)
    {
        string[] others =
        [
            .. CanonicalRequest.BoundMembers(statement.RequestPath, body).Where(name => !Core.Contains(name)),
        ];
        if (others.Length > MaxSelected || body.Length > MaxSelectedBytes)
            return Alone(body, others) ?? (IsWithout(body, others) ? others : null);
        foreach (
            uint selection in Enumerable
                .Range(1, (1 << others.Length) - 1)
                .Select(bits => (uint)bits)
                .OrderBy(BitOperations.PopCount)
        )
        {
            string[] names = [.. others.Where((_, i) => (selection >> i & 1) != 0)];
            if (IsWithout(body, names))
                return names;
        }
        return null;
    }

    /// <summary>What the server set, beside what the client sent.</summary>
    /// <param name="statement">What was sealed.</param>
    /// <param name="body">The client's request; null if it is not known.</param>
    public static IReadOnlyList<PinnedMember> Changes(ReceiptStatement statement, ReadOnlyMemory<byte>? body)
    {
        JsonElement sent = default;
        if (body is { } bytes)
        {
            try
            {
                using JsonDocument document = RequestText.Parse(CanonicalJson.WithoutMark(bytes.Span));
                sent = document.RootElement.Clone();
            }
            catch (CanonicalFormException)
            {
                // The check of the request says so.
            }
        }
        return
        [
            .. statement.Pins.Values.Select(pin => new PinnedMember(
                pin.Key,
                sent.ValueKind == JsonValueKind.Object && sent.TryGetProperty(pin.Key, out JsonElement value)
                    ? value.GetRawText()
                    : null,
                pin.Value
            )),
        ];
    }

    private string[]? Alone(ReadOnlySpan<byte> body, string[] others)
    {
        foreach (string name in others)
        {
            if (IsWithout(body, [name]))
                return [name];
        }
        return null;
    }

    private bool Is(Sha256Value digest) =>
        Commitment.To(SaltLabel.Request, digest, salt) == statement.RequestCommitment;

    private bool IsWithout(ReadOnlySpan<byte> body, string[] names) =>
        names.Length > 0
        && Is(
            CanonicalRequest.DigestWithout(
                statement.RequestPath,
                body,
                new HashSet<string>(names, StringComparer.Ordinal)
            )
        );
}
