using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Trust;

/// <summary>Whom a verifier trusts, how long, and what it requires. It never changes.</summary>
public sealed class TrustPolicy
{
    private const string Form = "dis-trust/1";

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    private TrustPolicy() { }

    private TrustPolicy(TrustPolicy other)
    {
        Requirements = other.Requirements;
        Keys = other.Keys;
        Witnesses = other.Witnesses;
        Revocations = other.Revocations;
    }

    /// <summary>Trusts nobody: the best verdict is UNTRUSTED.</summary>
    public static TrustPolicy None { get; } = new();

    /// <summary>What a receipt must have besides the signature of a trusted key.</summary>
    public IReadOnlyList<TrustRequirement> Requirements { get; private init; } = [];

    internal IReadOnlyList<TrustedKey> Keys { get; private init; } = [];

    /// <summary>The policy of witnesses; null for none.</summary>
    internal WitnessPolicy? Witnesses { get; private init; }

    /// <summary>Verified revocations; null if nobody has looked for any.</summary>
    internal IReadOnlyList<LogRevocation>? Revocations { get; private init; }

    /// <summary>Trusts keys, in any of the forms in which a server tells them or tools write them.</summary>
    /// <param name="keys">
    /// Verifier keys (<c>ORIGIN+ID+BASE64</c>), one per line, and public keys in PEM; or the JSON of
    /// <c>GET /v1/receipts/key</c>.
    /// </param>
    /// <exception cref="FormatException">
    /// One of them has no key, or something else too; the message names it.
    /// </exception>
    public static TrustPolicy OfKeys(params IEnumerable<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new TrustPolicy { Keys = [.. keys.SelectMany(TrustedKey.OfText)] };
    }

    /// <summary>Reads a trust file, <c>dis-trust/1</c> of docs/determinism.md.</summary>
    /// <param name="json">UTF-8.</param>
    /// <exception cref="FormatException">It is none, or a member is malformed; the message names it.</exception>
    public static TrustPolicy Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            JsonElement root = document.RootElement;
            RequireOnly(root, "the file", "form", "keys", "require", "witness_policy");
            if (ForeignText.GetStringOrNull(root, "form") != Form)
                throw new FormatException($"'form' is not '{Form}'");
            return new TrustPolicy
            {
                Keys = [.. Elements(root, "keys").SelectMany(KeysOf)],
                Witnesses = PolicyOf([.. Texts(root, "witness_policy")]),
            }.Require([.. Texts(root, "require").Select(TrustRequirementName.Parse)]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or LogFormatException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Requires more.</summary>
    /// <param name="requirements">With those that it has. What is not met is POLICY.</param>
    public TrustPolicy Require(params IReadOnlyList<TrustRequirement> requirements)
    {
        ArgumentNullException.ThrowIfNull(requirements);
        return new TrustPolicy(this) { Requirements = [.. Requirements.Union(requirements)] };
    }

    /// <summary>Counts the cosignatures of the witnesses of a policy (C2SP tlog-policy), and trusts its logs.</summary>
    /// <param name="policy">The policy's text, in UTF-8.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public TrustPolicy WithWitnesses(ReadOnlyMemory<byte> policy)
    {
        try
        {
            return With(WitnessPolicy.Parse(policy.ToArray()));
        }
        catch (LogFormatException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>Knows of a revoked key.</summary>
    /// <param name="note">The signed revocation, as <c>GET /v1/logs</c> has it.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public TrustPolicy WithRevocation(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        try
        {
            return With([LogRevocation.Verify(note)]);
        }
        catch (LogFormatException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>The keys and requirements of both; the witnesses of this one, else of the other.</summary>
    internal TrustPolicy And(TrustPolicy other) =>
        new(this)
        {
            Keys = [.. Keys, .. other.Keys],
            Requirements = [.. Requirements.Union(other.Requirements)],
            Witnesses = Witnesses ?? other.Witnesses,
        };

    internal TrustPolicy With(WitnessPolicy? witnesses) => new(this) { Witnesses = witnesses };

    internal TrustPolicy With(IReadOnlyList<LogRevocation> revocations) =>
        new(this) { Revocations = [.. Revocations ?? [], .. revocations] };

    /// <summary>
    /// The trusted key that a receipt's checkpoint names; of several that it does not name the first, and of none the
    /// policy's log of that name. Null if nobody is trusted.
    /// </summary>
    internal TrustedKey? KeyFor(Receipt receipt)
    {
        TrustedKey[] trusted =
        [
            .. Keys,
            .. (Witnesses?.Logs ?? [])
                .Select(log => log.Key)
                .OfType<NoteKey>()
                .Where(key => key.Name == receipt.Origin)
                .Select(TrustedKey.Of),
        ];
        if (trusted.Length == 0)
            return null;
        TrustedKey named = TrustedKey.Named(trusted, receipt);
        // A key that is named twice is no better for it.
        return named with { Limit = KeyLimit.Strictest(trusted.Where(named.IsSame).Select(key => key.Limit)) };
    }

    private static IEnumerable<TrustedKey> KeysOf(JsonElement key)
    {
        RequireOnly(key, "an element of 'keys'", "key", "origin", "last_size", "last_time");
        string text = ForeignText.GetStringOrNull(key, "key") ?? throw new FormatException("a key lacks 'key'");
        string? origin = ForeignText.GetStringOrNull(key, "origin");
        if (key.TryGetProperty("origin", out _) && !LogOrigin.IsValid(origin))
            throw new FormatException("'origin' is not the name of a log: visible ASCII without '+'");
        KeyLimit? limit =
            key.TryGetProperty("last_size", out _) || key.TryGetProperty("last_time", out _)
                ? new KeyLimit(Size(key), Time(key))
                : null;
        foreach (TrustedKey read in Trusted(text))
        {
            if (origin is not null && read.Log is { } log && log.Name != origin)
                throw new FormatException($"'origin' is not the name in the key, {log.Name}");
            NoteKey? named = read.Log ?? (origin is null ? null : new NoteKey(origin, read.Key));
            yield return read with
            {
                Log = named,
                Limit = limit,
            };
        }
    }

    private static IReadOnlyList<TrustedKey> Trusted(string key)
    {
        try
        {
            return TrustedKey.OfText(key);
        }
        catch (FormatException e)
        {
            throw new FormatException($"a 'key' can't be read: {e.Message}", e);
        }
    }

    private static long? Size(JsonElement key) =>
        !key.TryGetProperty("last_size", out JsonElement size) ? null
        : size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out long entries) && entries >= 0 ? entries
        : throw new FormatException("'last_size' is not a number of entries");

    private static DateTimeOffset? Time(JsonElement key) =>
        !key.TryGetProperty("last_time", out _) ? null
        : DateTimeOffset.TryParseExact(
            ForeignText.GetStringOrNull(key, "last_time"),
            "yyyy-MM-dd'T'HH:mm:ss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset time
        )
            ? time
        : throw new FormatException("'last_time' is not a time in UTC such as 2026-11-22T10:11:12Z");

    private static WitnessPolicy? PolicyOf(string[] lines) =>
        lines.Length == 0 ? null : WitnessPolicy.Parse(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

    private static List<JsonElement> Elements(JsonElement root, string name) =>
        !root.TryGetProperty(name, out JsonElement array) ? []
        : array.ValueKind == JsonValueKind.Array ? [.. array.EnumerateArray()]
        : throw new FormatException($"'{name}' is not an array");

    /// <summary>The texts of an array, or the lines of a text.</summary>
    private static IEnumerable<string> Texts(JsonElement root, string name)
    {
        if (root.TryGetProperty(name, out JsonElement one) && one.ValueKind == JsonValueKind.String)
            return one.GetString()!.TrimEnd('\n').Split('\n');
        return Elements(root, name)
            .Select(item =>
                item.ValueKind == JsonValueKind.String
                    ? item.GetString()!
                    : throw new FormatException($"'{name}' has an element that is no text")
            );
    }

    private static void RequireOnly(JsonElement element, string what, params ReadOnlySpan<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{what} is not an object");
        foreach (JsonProperty member in element.EnumerateObject())
        {
            // A misspelt limit would be none.
            if (!known.Contains(member.Name))
                throw new FormatException($"{what} has the unknown member '{member.Name}'");
        }
    }
}
