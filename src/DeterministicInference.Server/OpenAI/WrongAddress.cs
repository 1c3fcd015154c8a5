using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.OpenAI;

/// <summary>A kind of address that clients ask for and that is not served.</summary>
/// <param name="Remedy">What to do instead; <see cref="Server"/> in it is replaced.</param>
/// <param name="Paths">
/// Its paths, without slashes at their end and in any case of letters: <c>*</c> is any text.
/// </param>
internal sealed partial record WrongAddress(string Remedy, params string[] Paths)
{
    /// <summary>Longest part of a path that is looked at: comparing takes time with its length.</summary>
    private const int LongestPath = 200;

    /// <summary>Stands for this server's address as the client used it, without a path.</summary>
    private const string Server = "{server}";

    /// <summary>The address where the client's is not safe to repeat.</summary>
    private const string UnknownServer = "http://HOST:PORT";

    private const string Chat = "client.chat.completions.create(...)",
        SetBase = $"Set the client's base URL to {Server}/v1",
        Page = "docs/operations.md, \"Clients that use another API\"";

    /// <summary>The first row with a path counts.</summary>
    private static readonly WrongAddress[] All =
    [
        new(
            $"Azure's addresses are not served: use the client OpenAI, not AzureOpenAI, with the base URL {Server}/v1.",
            ["/openai/*", "*/openai/deployments/*"]
        ),
        new(
            $"The Responses API is not served: call {Chat} instead of client.responses.create(...). Frameworks have a "
                + $"setting for this ({Page}).",
            Below("/responses")
        ),
        new(
            $"This server keeps no conversations: send all messages with each {Chat}.",
            [.. Below("/assistants"), .. Below("/threads"), .. Below("/conversations")]
        ),
        new(
            $"Anthropic's API is not served: use an OpenAI client, with the base URL {Server}/v1, or a gateway that "
                + $"translates ({Page}).",
            Below("/messages")
        ),
        new(
            "This server has no embeddings: ask another server for them. It generates text.",
            [.. Below("/embeddings"), "*/embedding", "*/embed"]
        ),
        new(
            "This server does not rank, classify or moderate texts: ask another server. It generates text.",
            [
                .. Below("/moderations"),
                .. Below("/rerank"),
                .. Below("/score"),
                .. Below("/classify"),
                .. Below("/pooling"),
            ]
        ),
        new(
            $"This server generates text alone, by {Chat}.",
            [.. Below("/images"), .. Below("/audio"), .. Below("/videos")]
        ),
        new(
            $"This server has no realtime API: {Chat} with stream=True sends an answer while it is generated.",
            Below("/realtime")
        ),
        new(
            $"This server keeps no files and no batches: send each request by {Chat}.",
            [.. Below("/files"), .. Below("/batches"), .. Below("/uploads"), .. Below("/vector_stores")]
        ),
        new("This server trains no models.", [.. Below("/fine_tuning"), .. Below("/fine-tunes")]),
        new($"{SetBase}, and name the model by the field 'model', not by the address.", Below("/engines")),
        new($"{SetBase}, or to {Server} where the client appends /v1 itself.", ["/v1/v1", "/v1/v1/*"]),
        new($"{SetBase} without a slash at its end, or to {Server} where the client appends /v1 itself.", ["*//*"]),
        new($"{SetBase}.", ["*/completions", "*/models", "*/models/*", "*/api/v1", "*/api/v1/*"]),
        new(
            $"Ollama's API is not served: use an OpenAI client, with the base URL {Server}/v1.",
            ["*/api/chat", "*/api/generate", "*/api/tags", "*/api/show", "*/api/ps", "*/api/version", "*/api/pull"]
        ),
        new(
            "Routes that only some engines have are not served: this server has /v1/chat/completions, /v1/completions, "
                + "/v1/models and /health.",
            [
                "*/completion",
                "*/generate",
                "*/generate_stream",
                "*/infill",
                "*/tokenize",
                "*/detokenize",
                "*/apply-template",
                "*/version",
                "*/info",
                "*/model_info",
                "*/get_model_info",
                "*/server_info",
                "*/get_server_info",
                "*/props",
                "*/slots",
                "*/slots/*",
                "*/metrics",
                "*/flush_cache",
                "*/*load_lora_adapter",
            ]
        ),
        new(
            "Receipts are at /v1/receipts/ID, their key at /v1/receipts/key and their log at /v1/log/checkpoint, of a "
                + "server that issues them (serve without --receipts off).",
            ["/v1/receipts", "/v1/receipts/*", "/v1/log", "/v1/log/*"]
        ),
        new(
            $"The base URL of a client is {Server}/v1; below it are /chat/completions, /completions and /models.",
            ["*"]
        ),
    ];

    /// <summary>What to do about a request whose path is not served.</summary>
    public static string RemedyFor(HttpRequest request)
    {
        string whole = request.Path.Value?.TrimEnd('/') is { Length: > 0 } value ? value : "/",
            path = whole[..Math.Min(whole.Length, LongestPath)];
        return Array
            .Find(All, address => address.Contains(path))!
            .Remedy.Replace(Server, ServerOf(request), StringComparison.Ordinal);
    }

    private static string[] Below(string path) => [$"*{path}", $"*{path}/*"];

    private bool Contains(string path) =>
        Array.Exists(Paths, pattern => FileSystemName.MatchesSimpleExpression(pattern, path));

    /// <summary>
    /// The address by the client's own header, where that is no more than an address. A proxy that ends TLS says so in
    /// another one.
    /// </summary>
    private static string ServerOf(HttpRequest request)
    {
        string host = request.Host.Value ?? "",
            scheme = request.Headers["X-Forwarded-Proto"] == "https" ? "https" : request.Scheme;
        return HostAndPort().IsMatch(host) ? $"{scheme}://{host}" : UnknownServer;
    }

    [GeneratedRegex(
        @"^(?:[a-z0-9_][a-z0-9_.-]{0,99}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex HostAndPort();
}
