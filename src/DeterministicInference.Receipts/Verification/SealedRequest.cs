using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
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

    /// <summary>
    /// Most members of which each one is tried, of more only all: the whole request is hashed for each, and there may
    /// be 200,000.
    /// </summary>
    private const int MaxAlone = 100;

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

    /// <summary>Most bytes of a member as the client sent it that a report shows.</summary>
    private const int LongestShown = 4096;

    /// <summary>Whether it is this one.</summary>
    /// <param name="request">The client's body, parsed (<see cref="RequestText"/>).</param>
    public bool Is(JsonElement request) => Is(CanonicalRequest.Digest(statement.RequestPath, request));

    /// <summary>
    /// The fewest members without which it is this one; null if there are none. Routers drop members that they don't
    /// know.
    /// </summary>
    /// <param name="request">The client's body, parsed (<see cref="RequestText"/>).</param>
    public IReadOnlyList<string>? MembersDropped(JsonElement request)
    {
        string[] others =
        [
            .. CanonicalRequest.BoundMembers(statement.RequestPath, request).Where(name => !Core.Contains(name)),
        ];
        if (others.Length > MaxSelected || JsonMarshal.GetRawUtf8Value(request).Length > MaxSelectedBytes)
        {
            return others.Length <= MaxAlone && Alone(request, others) is { } one ? one
                : IsWithout(request, others) ? others
                : null;
        }
        foreach (
            uint selection in Enumerable
                .Range(1, (1 << others.Length) - 1)
                .Select(bits => (uint)bits)
                .OrderBy(BitOperations.PopCount)
        )
        {
            string[] names = [.. others.Where((_, i) => (selection >> i & 1) != 0)];
            if (IsWithout(request, names))
                return names;
        }
        return null;
    }

    /// <summary>What the server set, beside what the client sent.</summary>
    /// <param name="statement">What was sealed.</param>
    /// <param name="body">The client's request; null if it is not known.</param>
    public static IReadOnlyList<PinnedMember> Changes(ReceiptStatement statement, ReadOnlyMemory<byte>? body)
    {
        using JsonDocument? document = body is { } bytes ? ParseOrNull(bytes) : null;
        return
        [
            .. statement.Pins.Values.Select(pin => new PinnedMember(
                pin.Key,
                document?.RootElement.TryGetProperty(pin.Key, out JsonElement value) == true ? Shown(value) : null,
                pin.Value
            )),
        ];
    }

    private static JsonDocument? ParseOrNull(ReadOnlyMemory<byte> body)
    {
        try
        {
            return RequestText.ParseInPlace(body);
        }
        catch (CanonicalFormException)
        {
            // The check of the request says so.
            return null;
        }
    }

    private static string Shown(JsonElement value)
    {
        ReadOnlySpan<byte> text = JsonMarshal.GetRawUtf8Value(value);
        return text.Length <= LongestShown ? value.GetRawText() : Encoding.UTF8.GetString(text[..LongestShown]) + "…";
    }

    private string[]? Alone(JsonElement request, string[] others)
    {
        foreach (string name in others)
        {
            if (IsWithout(request, [name]))
                return [name];
        }
        return null;
    }

    private bool Is(Sha256Value digest) =>
        Commitment.To(SaltLabel.Request, digest, salt) == statement.RequestCommitment;

    private bool IsWithout(JsonElement request, string[] names) =>
        names.Length > 0
        && Is(
            CanonicalRequest.DigestWithout(
                statement.RequestPath,
                request,
                new HashSet<string>(names, StringComparer.Ordinal)
            )
        );
}
