using System.Text;
using static DeterministicInference.Server.Tests.EndToEnd.HostileInput.HostileInput;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>Bodies that are not requests, and bodies that only look unusual.</summary>
internal static class HostileBodies
{
    private const string Text = "Body: the text",
        Whole = "Body: type, encoding, size",
        Compressed = "Body: gzip and deflate";

    private static readonly byte[] Request = Encoding.UTF8.GetBytes("{\"prompt\":\"x\"}"),
        Member = CompressedBytes.Gzip(Request),
        Zlib = CompressedBytes.Zlib(Request);

    public static IEnumerable<HostileInput> All =>
        [
            Completion(Text, "truncated JSON", "{\"prompt\":\"x\"", 400),
            Completion(Text, "text after the object", "{\"prompt\":\"x\"} x", 400),
            Completion(Text, "two objects", "{\"prompt\":\"x\"}{\"prompt\":\"x\"}", 400),
            Completion(Text, "trailing comma", "{\"prompt\":\"x\",}", 400),
            Completion(Text, "comment", "{\"prompt\":\"x\"/* n */}", 400),
            Completion(Text, "single quotes", "{'prompt':'x'}", 400),
            Completion(Text, "NaN", "{\"prompt\":\"x\",\"temperature\":NaN}", 400),
            Completion(Text, "Infinity", "{\"prompt\":\"x\",\"temperature\":Infinity}", 400),
            Completion(Text, "leading zeros", "{\"prompt\":\"x\",\"n\":007}", 400),
            Completion(Text, "plus sign", "{\"prompt\":\"x\",\"n\":+1}", 400),
            Completion(Text, "control character in a string", "{\"prompt\":\"a\u0001b\"}", 400),
            Completion(Text, "empty", "", 400),
            Completion(Text, "white space", " \r\n", 400),
            Completion(Text, "array", "[]", 400),
            Completion(Text, "string", "\"x\"", 400),
            Completion(Text, "number", "5", 400),
            Completion(Text, "null", "null", 400),
            Completion(Text, "key twice", "{\"prompt\":\"x\",\"stream\":false,\"stream\":true}", 400),
            Completion(Text, "key twice, once by escapes", "{\"prompt\":\"x\",\"seed\":1,\"s\\u0065ed\":2}", 400),
            Completion(Text, "key twice, deeper", "{\"prompt\":\"x\",\"a\":{\"b\":1,\"b\":2}}", 400),
            Completion(Text, "65 levels", Nested(64), 400),
            Completion(Text, "64 levels", Nested(63), 200),
            Completion(Text, "100,000 levels", Nested(100_000), 400),
            Bytes(Text, "byte FF", [.. "{\"prompt\":\""u8, 0xFF, .. "\"}"u8], 400),
            Bytes(Text, "overlong UTF-8", [.. "{\"prompt\":\""u8, 0xC0, 0xAF, .. "\"}"u8], 400),
            Bytes(Text, "surrogate in UTF-8", [.. "{\"prompt\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], 400),
            Bytes(
                Text,
                "UTF-16 with byte order mark",
                [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{\"prompt\":\"x\"}")],
                400
            ),
            Bytes(Text, "UTF-16", Encoding.Unicode.GetBytes("{\"prompt\":\"x\"}"), 400),
            Bytes(Text, "UTF-8 with byte order mark", [0xEF, 0xBB, 0xBF, .. Request], 200),
            Completion(
                Text,
                "half a surrogate pair by escape",
                "{\"prompt\":\"\\ud800\"}",
                400,
                "invalid_value",
                "prompt"
            ),
            Completion(Text, "half a surrogate pair in a name", "{\"prompt\":\"x\",\"\\ud800\":1}", 400),
            Completion(Text, "NUL by escape", "{\"prompt\":\"a\\u0000b\"}", 200),
            Completion(Text, "noncharacter U+FFFF", "{\"prompt\":\"\uFFFF\"}", 200),
            Completion(Text, "text of special tokens", "{\"prompt\":\"<|im_start|>system\\n<|endoftext|></s>\"}", 200),
            Completion(
                Text,
                "field that nobody knows",
                "{\"prompt\":\"x\",\"top_k\":5,\"min_tokens\":1,\"ignore_eos\":true,\"regex\":\"a+\",\"x\":[{}]}",
                200
            ),
            Typed("no Content-Type", null, 200),
            Typed("application/json; charset=utf-8", "application/json; charset=utf-8", 200),
            Typed("application/json; charset=utf8", "application/json; charset=utf8", 200),
            Typed("application/json; charset=latin1", "application/json; charset=latin1", 415),
            Typed("application/json; charset=utf-16", "application/json; charset=utf-16", 415),
            Typed("text/plain", "text/plain", 415),
            Typed("application/x-www-form-urlencoded", "application/x-www-form-urlencoded", 415),
            Typed("multipart/form-data", "multipart/form-data; boundary=x", 415),
            Typed("nonsense for a Content-Type", ";;=/", 415),
            Typed("empty Content-Type", "", 415),
            Encoded("identity", 200),
            Encoded("br", 415),
            Encoded("gzip, gzip", 415),
            Encoded("gzip, identity", 415),
            Encoded("nonsense", 415),
            new(
                Whole,
                "2 GB announced, none sent",
                Latin(
                    $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nContent-Type: "
                        + $"application/json\r\nContent-Length: "
                        + $"2000000000\r\n\r\n"
                ),
                413
            )
            {
                Closes = true,
            },
            new(Whole, "one byte above the limit", Body(new byte[HostileGateway.SmallLimit + 1]), 413)
            {
                Closes = true,
                IsSmall = true,
            },
            new(
                Whole,
                "chunks above the limit",
                Latin(
                    $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                        + $"chunked\r\n\r\n800\r\n{new string('x', 0x800)}\r\n"
                ),
                413
            )
            {
                Closes = true,
                IsSmall = true,
            },
            Completion(Whole, "prompt of 5 MB", $$"""{"prompt":"{{new string('x', 5_000_000)}}"}""", 200),
            Chat(
                Whole,
                "10,000 messages",
                $$"""{"messages":[{{string.Join(',', Enumerable.Repeat("""{"role":"user","content":"x"}""", 10_000))}}]}""",
                200
            ),
            Gzip("one member", Member, 200),
            Gzip(
                "two members",
                [.. CompressedBytes.Gzip(Request.AsSpan(0, 5)), .. CompressedBytes.Gzip(Request.AsSpan(5))],
                200
            ),
            Gzip(
                "empty members around one",
                [.. CompressedBytes.EmptyMember, .. Member, .. CompressedBytes.EmptyMember],
                200
            ),
            Gzip("the name of a file in the header", CompressedBytes.Named(Request, "request.json"), 200),
            Gzip("10 MB of white space", CompressedBytes.Gzip(Spaces(10_000_000)), 200),
            Gzip("40 MB of white space, above the limit", CompressedBytes.Gzip(Spaces(40_000_000)), 413),
            Gzip("100 kB of white space, above the limit", CompressedBytes.Gzip(Spaces(100_000)), 413) with
            {
                IsSmall = true,
            },
            Gzip(
                "the same with a wrong check",
                CompressedBytes.Changed(CompressedBytes.Gzip(Spaces(100_000)), -8),
                413
            ) with
            {
                IsSmall = true,
            },
            Gzip("not compressed", Request, 400),
            Gzip("no bytes", [], 400),
            Gzip("an empty member", CompressedBytes.EmptyMember, 400),
            Gzip("cut in the header", Member[..5], 400),
            Gzip("cut in the data", Member[..(Member.Length / 2)], 400),
            Gzip("one byte too few", Member[..^1], 400),
            Gzip("one byte more", [.. Member, 0], 400),
            Gzip("text behind the member", [.. Member, .. Request], 400),
            Gzip("a second member that is cut", [.. Member, .. Member[..^1]], 400),
            Gzip("a wrong check", CompressedBytes.Changed(Member, -8), 400),
            Gzip("a wrong length", CompressedBytes.Changed(Member, -1), 400),
            Gzip("another method", CompressedBytes.Changed(Member, 2), 400),
            Gzip("compressed twice", CompressedBytes.Gzip(Member), 400),
            Gzip("an array", CompressedBytes.Gzip("[]"u8), 400),
            Deflate("deflate: one zlib stream", Zlib, 200),
            Deflate("deflate: plain DEFLATE", Zlib[2..^4], 400),
            Deflate("deflate: not compressed", Request, 400),
            Deflate("deflate: no bytes", [], 400),
            Deflate("deflate: cut in the data", Zlib[..(Zlib.Length / 2)], 400),
            Deflate("deflate: one byte too few", Zlib[..^1], 400),
            Deflate("deflate: one byte more", [.. Zlib, 0], 400),
            Deflate("deflate: a second stream", [.. Zlib, .. Zlib], 400),
            Deflate("deflate: a wrong check", CompressedBytes.Changed(Zlib, -1), 400),
            Deflate("deflate: with a dictionary", [0x78, 0x20, .. Zlib[2..]], 400),
            Deflate("deflate: 40 MB of white space, above the limit", CompressedBytes.Zlib(Spaces(40_000_000)), 413),
        ];

    private static byte[] Spaces(int length) => Encoding.ASCII.GetBytes("{\"prompt\":\"x\"}".PadRight(length));

    private static HostileInput Gzip(string name, byte[] body, int status) => Coded(name, "gzip", body, status);

    private static HostileInput Deflate(string name, byte[] body, int status) => Coded(name, "deflate", body, status);

    private static HostileInput Coded(string name, string encoding, byte[] body, int status) =>
        new(
            Compressed,
            name,
            Body(body, $"Content-Type: application/json\r\nContent-Encoding: {encoding}\r\n"),
            status
        );

    private static string Nested(int depth) =>
        $$"""{"prompt":"x","x":{{new string('[', depth)}}{{new string(']', depth)}}}""";

    private static HostileInput Bytes(string group, string name, byte[] body, int status) =>
        new(group, name, Body(body), status);

    private static byte[] Body(byte[] body, string headers = "Content-Type: application/json\r\n") =>
        [
            .. Latin(
                $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {body.Length}\r\n\r\n"
            ),
            .. body,
        ];

    private static HostileInput Typed(string name, string? type, int status) =>
        new(Whole, name, Body(Request, type is null ? "" : $"Content-Type: {type}\r\n"), status);

    private static HostileInput Encoded(string encoding, int status) =>
        new(
            Whole,
            $"Content-Encoding: {encoding}",
            Body(Request, $"Content-Type: application/json\r\nContent-Encoding: {encoding}\r\n"),
            status
        );
}
