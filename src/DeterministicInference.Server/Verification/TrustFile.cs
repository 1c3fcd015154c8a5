using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>What a receipt must have besides a trusted log's signature.</summary>
internal enum TrustRequirement
{
    /// <summary>The signature alone. It is the least that VALID says.</summary>
    Signed,

    /// <summary>The log contains the statement. Each receipt proves it.</summary>
    Logged,

    /// <summary>The quorum of the policy has cosigned.</summary>
    Witnessed,

    /// <summary>A server has reproduced the answer.</summary>
    Replayed,
}

/// <summary><c>dis-trust/1</c>: whom a verifier trusts, how long, and what it requires.</summary>
/// <param name="Keys">Keys of logs.</param>
/// <param name="Requirements">What a receipt must have.</param>
/// <param name="Witnesses">The policy of witnesses; null for none.</param>
internal sealed record TrustFile(
    IReadOnlyList<PublicKeyInput> Keys,
    IReadOnlyList<TrustRequirement> Requirements,
    WitnessPolicy? Witnesses
)
{
    private const string Form = "dis-trust/1";

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>The words of requirements.</summary>
    public static IReadOnlyList<string> Words { get; } =
    [.. Enum.GetNames<TrustRequirement>().Select(name => name.ToLowerInvariant())];

    /// <exception cref="InputException">
    /// The file can't be read, or a member is malformed; the message names it.
    /// </exception>
    public static TrustFile Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(InputFile.Read(path), Options);
            JsonElement root = document.RootElement;
            RequireOnly(root, "the file", "form", "keys", "require", "witness_policy");
            if (ForeignText.GetStringOrNull(root, "form") != Form)
                throw new FormatException($"'form' is not '{Form}'");
            return new TrustFile(
                [.. Elements(root, "keys").SelectMany(KeysOf)],
                [.. Texts(root, "require").Select(Requirement)],
                PolicyOf([.. Texts(root, "witness_policy")])
            );
        }
        catch (Exception e)
            when (e is FormatException or JsonException or InvalidOperationException or LogFormatException)
        {
            throw new InputException($"{path}: is no trust file ({Form}): {e.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>The requirement of that word.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static TrustRequirement Requirement(string word)
    {
        int at = Words.ToList().IndexOf(word);
        return at >= 0
            ? (TrustRequirement)at
            : throw new FormatException($"'{word}' is none of {string.Join(", ", Words)}");
    }

    private static IEnumerable<PublicKeyInput> KeysOf(JsonElement key)
    {
        RequireOnly(key, "an element of 'keys'", "key", "origin", "last_size", "last_time");
        string text = ForeignText.GetStringOrNull(key, "key") ?? throw new FormatException("a key lacks 'key'");
        string? origin = ForeignText.GetStringOrNull(key, "origin");
        KeyLimit? limit =
            key.TryGetProperty("last_size", out _) || key.TryGetProperty("last_time", out _)
                ? new KeyLimit(Size(key), Time(key))
                : null;
        foreach (PublicKeyInput read in PublicKeyInput.OfText(text))
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
