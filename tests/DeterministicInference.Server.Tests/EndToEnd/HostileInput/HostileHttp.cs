using static DeterministicInference.Server.Tests.EndToEnd.HostileInput.HostileInput;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>Methods, paths, headers and framing.</summary>
internal static class HostileHttp
{
    private const string Methods = "HTTP: methods",
        Paths = "HTTP: paths",
        Heads = "HTTP: heads",
        Framing = "HTTP: length and chunks";
    private const string Json = "{\"prompt\":\"x\"}";

    public static IEnumerable<HostileInput> All =>
        [
            .. ((string[])["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO"]).Select(
                method => new HostileInput(
                    Methods,
                    $"{method} {ApiClient.Chat}",
                    Latin($"{method} {ApiClient.Chat} HTTP/1.1\r\nHost: x\r\n\r\n"),
                    405
                )
                {
                    Code = "method_not_supported",
                }
            ),
            Bare(Methods, "CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 404) with
            {
                IsBare = false,
                Closes = false,
                Code = "unknown_url",
            },
            Bare(Methods, "OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404) with
            {
                IsBare = false,
                Closes = false,
                Code = "unknown_url",
            },
            Raw(Methods, "POST /livez", Head("POST", "/livez", "Content-Length: 0\r\n"), 405) with
            {
                Code = "method_not_supported",
            },
            Raw(Methods, "HEAD /livez", Head("HEAD", "/livez"), 200) with
            {
                Forwarded = 0,
            },
            Raw(Methods, "HEAD /v1/models", Head("HEAD", "/v1/models"), 200) with
            {
                Forwarded = 0,
            },
            Raw(
                Methods,
                "upgrade to a web socket",
                Head(
                    "GET",
                    ApiClient.Chat,
                    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                        + "AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                ),
                405
            ) with
            {
                Code = "method_not_supported",
            },
            Raw(
                Methods,
                "upgrade of a POST",
                Post(ApiClient.Completions, "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
                200
            ),
            .. (
                (string[])
                    [
                        "//v1/completions",
                        "/v1//completions",
                        "/v1/completionsX",
                        "/v1/completions/x",
                        "/v1/completions;a=b",
                        "/v1%2Fcompletions",
                        "/v1\\completions",
                        "/v1/completions%5C",
                        "/v1",
                        "/v1/",
                        "/v1/embeddings",
                        "/v1/responses",
                        "/v1/messages",
                        "/openai/deployments/x/completions?api-version=1",
                        "/v1/engines/x/completions",
                        "/api/v1/completions",
                        "/api/generate",
                        "/chat/completions",
                        "/completions",
                        "/v1/v1/completions",
                        "/",
                        "/generate",
                    ]
            ).Select(path => Raw(Paths, path, Post(path), 404) with { Code = "unknown_url" }),
            .. (
                (string[])
                    [
                        "/v1/chat/../completions",
                        "/V1/Completions",
                        "/v1/completions?stream=true&x=%0A",
                        "/v1/./completions",
                        "/v1/%63ompletions",
                        "/v1/completions/",
                    ]
            ).Select(path => Raw(Paths, path, Post(path), 200)),
            Raw(
                Paths,
                "http://elsewhere.example/v1/completions",
                Post("http://elsewhere.example/v1/completions")
                    .Replace("Host: x", "Host: elsewhere.example", StringComparison.Ordinal),
                200
            ),
            Bare(Paths, "/v1/completions%00", Post("/v1/completions%00"), 400),
            Raw(Paths, "/v1/completions%zz", Post("/v1/completions%zz"), 404) with
            {
                Code = "unknown_url",
            },
            Raw(Paths, "line ends and escapes in an unknown path", Post("/%0d%0a%1b%5b31m"), 404) with
            {
                Code = "unknown_url",
            },
            Bare(Paths, "a path of 100 kB", Post("/" + new string('x', 100_000)), 414),
            Bare(Heads, "a header of 40 kB", Post(ApiClient.Completions, $"X: {new string('x', 40_000)}\r\n"), 431),
            Bare(
                Heads,
                "101 headers",
                Post(ApiClient.Completions, string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: x\r\n"))),
                431
            ),
            Bare(Heads, "no Host", $"POST {ApiClient.Completions} HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400),
            Bare(Heads, "two Hosts", Post(ApiClient.Completions, "Host: y\r\n"), 400),
            Bare(Heads, "space before the colon", Post(ApiClient.Completions, "X-A : b\r\n"), 400),
            Bare(Heads, "folded header", Post(ApiClient.Completions, "X-A: b\r\n c\r\n"), 400),
            Bare(Heads, "NUL in a header", Post(ApiClient.Completions, "X-A: \0\r\n"), 400),
            Bare(Heads, "bare carriage return in a header", Post(ApiClient.Completions, "X-A: b\rc\r\n"), 400),
            Bare(Heads, "header without a name", Post(ApiClient.Completions, ": b\r\n"), 400),
            Bare(
                Heads,
                "HTTP/9.9",
                Post(ApiClient.Completions).Replace("HTTP/1.1", "HTTP/9.9", StringComparison.Ordinal),
                505
            ),
            Bare(Heads, "HTTP/0.9", $"GET {ApiClient.Completions}\r\n\r\n", 400),
            Bare(Heads, "start of TLS", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n", 400),
            Raw(
                Heads,
                "HTTP/1.0",
                Post(ApiClient.Completions).Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal),
                200
            ) with
            {
                Closes = true,
            },
            Raw(Heads, "empty lines before the request", "\r\n\r\n" + Post(ApiClient.Completions), 200),
            Raw(
                Heads,
                "h2c upgrade",
                Head(
                    "GET",
                    "/livez",
                    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
                ),
                200
            ) with
            {
                Forwarded = 0,
            },
            Raw(
                Framing,
                "length and chunks",
                $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
                    + $"chunked\r\n\r\nE\r\n{Json}\r\n0\r\n\r\n",
                200
            ) with
            {
                Closes = true,
            },
            Coded("xchunked"),
            Coded("chunked, identity"),
            Bare(Framing, "two lengths that differ", Sized("14\r\nContent-Length: 15"), 400),
            Bare(Framing, "a list of lengths", Sized("14, 14"), 400),
            Bare(Framing, "length -1", Sized("-1"), 400),
            Bare(Framing, "length 0x10", Sized("0x10"), 400),
            Bare(Framing, "length 2^64", Sized("18446744073709551616"), 400),
            Raw(Framing, "length +14", Sized("+14"), 200),
            Raw(Framing, "body in chunks", Chunks("E"), 200),
            Raw(Framing, "chunk size XYZ", Chunks("XYZ"), 400) with
            {
                Closes = true,
            },
            Raw(Framing, "chunk size -1", Chunks("-1"), 400) with
            {
                Closes = true,
            },
            Raw(Framing, "chunk size FFFFFFFFFFFFFFFFF", Chunks("FFFFFFFFFFFFFFFFF"), 400) with
            {
                Closes = true,
            },
            Raw(Framing, "chunk longer than its size", Chunks("3"), 400) with
            {
                Closes = true,
            },
        ];

    private static HostileInput Bare(string group, string name, string text, int status) =>
        new(group, name, Latin(text), status) { IsBare = true, Closes = true };

    private static HostileInput Coded(string encoding) =>
        Bare(
            Framing,
            $"Transfer-Encoding: {encoding}",
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                + $"{encoding}\r\n\r\nE\r\n{Json}\r\n0\r\n\r\n",
            400
        );

    private static string Chunks(string size) =>
        $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
        + $"chunked\r\n\r\n{size}\r\n{Json}\r\n0\r\n\r\n";

    private static string Sized(string length) =>
        $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{Json}";

    private static string Head(string method, string path, string headers = "") =>
        $"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n";

    private static string Post(string path, string headers = "") =>
        $"POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Type: application/json\r\nContent-Length: "
        + $"{Json.Length}\r\n\r\n{Json}";
}
