using System.Text.Json;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>One exchange of a real engine.</summary>
/// <param name="Name">Folder and file.</param>
/// <param name="Path">The route.</param>
/// <param name="Request">The body that was sent.</param>
/// <param name="Status">The status that came.</param>
/// <param name="ContentType">The type of the body.</param>
/// <param name="Body">The body that came.</param>
internal sealed record EngineRecording(
    string Name,
    string Path,
    JsonElement Request,
    int Status,
    string ContentType,
    byte[] Body
)
{
    /// <summary>The body that was sent, as text, which may be no JSON.</summary>
    public string RequestText { get; init; } = "";

    public bool IsStream => ContentType.StartsWith("text/event-stream", StringComparison.Ordinal);

    /// <summary>Whether the request has one of these members, with a value that means yes.</summary>
    public bool Asks(params IEnumerable<string> names) =>
        Request.ValueKind == JsonValueKind.Object
        && names.Any(name =>
            Request.TryGetProperty(name, out JsonElement value)
            && value.ValueKind is JsonValueKind.True or JsonValueKind.Number
        );
}

/// <summary>
/// Recorded traffic of real engines, which lies beside the repository and not in it, or where
/// <c>DIS_ENGINE_RECORDINGS</c> says.
/// </summary>
internal static class EngineRecordings
{
    /// <summary>Chats and completions of one engine. Skips the running test where there are no recordings.</summary>
    /// <param name="engine">Name of its folder.</param>
    public static IReadOnlyList<EngineRecording> Require(string engine) =>
        Require(engine, "/v1/completions", "/v1/chat/completions");

    /// <summary>The exchanges of some routes. Skips likewise.</summary>
    public static IReadOnlyList<EngineRecording> Require(string engine, params IReadOnlyList<string> paths)
    {
        return
        [
            .. Directory
                .GetFiles(RequireFolder(engine), "*.json")
                .Order(StringComparer.Ordinal)
                .Select(Read)
                .Where(recording => paths.Contains(recording.Path)),
        ];
    }

    /// <summary>The folder of one engine's recordings. Skips likewise.</summary>
    public static string RequireFolder(string engine)
    {
        string folder = System.IO.Path.Combine(Folder(), engine);
        if (!Directory.Exists(folder))
            Assert.Skip("skipped: needs the recordings of engines");
        return folder;
    }

    /// <summary>The body of one recorded answer. Skips the running test where there are no recordings.</summary>
    /// <param name="engine">Name of the engine's folder.</param>
    /// <param name="name">Name of the file.</param>
    public static string RequireBody(string engine, string name)
    {
        string file = System.IO.Path.Combine(Folder(), engine, name);
        if (!File.Exists(file))
            Assert.Skip("skipped: needs the recordings of engines");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.GetProperty("response").GetProperty("body_text").GetString()!;
    }

    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("DIS_ENGINE_RECORDINGS") is { Length: > 0 } named)
            return named;
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (
            folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "DeterministicInference.slnx"))
        )
            folder = folder.Parent;
        return System.IO.Path.Combine(folder?.Parent?.FullName ?? "/", "shared", "engines");
    }

    private static EngineRecording Read(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        JsonElement request = document.RootElement.GetProperty("request"),
            response = document.RootElement.GetProperty("response");
        // An answer without a body has no type.
        string type =
            response
                .GetProperty("headers")
                .EnumerateArray()
                .Where(header => header[0].GetString() == "content-type")
                .Select(header => header[1].GetString())
                .FirstOrDefault()
            ?? "";
        return new EngineRecording(
            $"{System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(file))}/{System.IO.Path.GetFileName(file)}",
            request.GetProperty("path").GetString()!,
            Sent(request),
            response.GetProperty("status").GetInt32(),
            type,
            response.TryGetProperty("body_base64", out JsonElement base64)
                ? base64.GetBytesFromBase64()
                : System.Text.Encoding.UTF8.GetBytes(response.GetProperty("body").GetString()!)
        )
        {
            RequestText =
                !request.TryGetProperty("body", out JsonElement sent) || sent.ValueKind == JsonValueKind.Null ? ""
                : sent.ValueKind == JsonValueKind.String ? sent.GetString()!
                : sent.GetRawText(),
        };
    }

    private static JsonElement Sent(JsonElement request)
    {
        if (!request.TryGetProperty("body", out JsonElement body) || body.ValueKind == JsonValueKind.Null)
            return default;
        if (body.ValueKind != JsonValueKind.String)
            return body.Clone();
        try
        {
            return JsonElement.Parse(body.GetString()!);
        }
        catch (JsonException)
        {
            // A request that is no JSON, for the error that it gets.
            return default;
        }
    }
}
