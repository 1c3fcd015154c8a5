using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Servers;

/// <summary>A log as <c>GET /v1/logs</c> of its server lists it. Nothing of it is verified.</summary>
/// <param name="Key">Its verifier key.</param>
/// <param name="Path">Where the server has it.</param>
/// <param name="Revocation">The signed revocation of its key; null if there is none.</param>
internal sealed record ServedLog(string Key, string? Path, string? Revocation)
{
    /// <summary>The logs of a server; none if it does not have such a list.</summary>
    /// <exception cref="NoAnswerException">No answer, or one that is no list.</exception>
    public static async Task<IReadOnlyList<ServedLog>> AllAsync(RemoteServer server, CancellationToken cancellation)
    {
        if (await server.GetAsync("v1/logs", cancellation) is not { } json)
            return [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (
                document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("data", out JsonElement data)
                || data.ValueKind != JsonValueKind.Array
            )
                throw NoList();
            List<ServedLog> logs = [];
            foreach (JsonElement log in data.EnumerateArray())
            {
                if (ForeignText.GetStringOrNull(log, "vkey") is { } key)
                    logs.Add(new ServedLog(key, ForeignText.GetStringOrNull(log, "path"), RevocationOf(log)));
            }
            return logs;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that is no Unicode text.
            throw NoList();
        }
    }

    /// <summary>What it would have said of revoked keys is not known.</summary>
    private static NoAnswerException NoList() => new("GET /v1/logs is no list of logs");

    /// <summary>One that is no text is one that can't be read.</summary>
    private static string? RevocationOf(JsonElement log) =>
        log.TryGetProperty("revocation", out JsonElement revocation)
        && revocation.ValueKind is not JsonValueKind.Null and not JsonValueKind.Undefined
            ? ForeignText.GetStringOrNull(log, "revocation") ?? revocation.GetRawText()
            : null;
}
