using System.Text.Json;

namespace DeterministicInference.Server.Verification;

/// <summary>A log as <c>GET /v1/logs</c> of its server lists it. Nothing of it is verified.</summary>
/// <param name="Key">Its verifier key.</param>
/// <param name="Path">Where the server has it.</param>
/// <param name="Revocation">The signed revocation of its key; null if there is none.</param>
internal sealed record ServedLog(string Key, string? Path, string? Revocation)
{
    /// <summary>The logs of a server; none if it has no such list.</summary>
    /// <exception cref="NoAnswerException">No answer, or one that is no list.</exception>
    public static async Task<IReadOnlyList<ServedLog>> AllAsync(RemoteServer server, CancellationToken cancellation)
    {
        if (await server.GetAsync("v1/logs", cancellation) is not { } json)
            return [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            List<ServedLog> logs = [];
            if (
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("data", out JsonElement data)
                && data.ValueKind == JsonValueKind.Array
            )
            {
                foreach (JsonElement log in data.EnumerateArray())
                {
                    if (ForeignText.GetStringOrNull(log, "vkey") is { } key)
                        logs.Add(
                            new ServedLog(
                                key,
                                ForeignText.GetStringOrNull(log, "path"),
                                ForeignText.GetStringOrNull(log, "revocation")
                            )
                        );
                }
            }
            return logs;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that is no Unicode text: what it would have said of revoked keys is not known.
            throw new NoAnswerException("GET /v1/logs is no list of logs");
        }
    }
}
