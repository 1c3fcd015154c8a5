using System.Globalization;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>The text of <c>docs/hostile-input.md</c>.</summary>
internal static class HostileInputPage
{
    public const string Introduction = """
        # Hostile input

        This page is for reviewers of security. It shows what the server answers to malformed, odd and harmful requests. The tables are what a test run
        observed: each input went to a running server through a socket, then a normal request, which was served, on the same connection if it was still
        open. *Engine* counts the requests that reached the engine. `DIS_WRITE_DOCS=1` and the test `The_page_of_hostile_inputs_shows_what_happens` write
        this page.

        Decisions:

        - Fields of the API and of engines are checked before the engine sees the request, also with `--determinism off`; [fields.md](fields.md) lists
          them. Unknown members are passed to the engine unchanged. Null counts as absent, and does not reach the engine.
        - What a known engine would ignore is refused, even if its type is right. The engine of these tables is not a known one.
        - `"true"`, `"false"` and numbers as strings are accepted where the API has that type; the engine gets the scalar, every other byte of the body
          stays, and the change is recorded as a pin. Other spellings (`"True"`, `" 1"`) are refused.
        - Whole numbers may be written `10.0` or `1e1`. Seeds are 64-bit integers.
        - Engines differ in how many stop texts, alternatives (`logprobs`, `top_logprobs`) and prompts they accept; these limits are left to them, as are
          `stream_options` without `stream`, types of `response_format`, and parts of messages that are not text. Unknown roles are refused.
        - A body that is compressed once (`Content-Encoding: gzip`, `x-gzip` or `deflate`) is read. It must be whole gzip members, or one whole zlib stream for
          `deflate`, and nothing else, or is refused (400). `--max-request-bytes` holds for the bytes as sent and for those that they decode to, and decoding
          stops there (413). Any other encoding, and more than one, is refused (415) with `Accept-Encoding: gzip, deflate, identity`.
        - An announced or chunked body above `--max-request-bytes` is refused without being read, and the connection is closed.
        - The web server itself refuses requests whose HTTP is malformed, or whose head is too large: the status is right, the connection is closed,
          and there is no body. They are marked *no body*.

        """;

    public static string Heading(string group) =>
        $"\n## {group}\n\n| input | status | code | param | connection | engine |\n| --- | --- | --- | --- | --- | "
        + $"--- |\n";

    public static string Row(string name, HostileOutcome outcome)
    {
        string status = outcome.Status == 0 ? "–" : outcome.Status.ToString(CultureInfo.InvariantCulture);
        string code = outcome is { Status: >= 400, HasBody: false }
            ? "*no body*"
            : Cell((string?)outcome.Error?["code"]);
        string closed = outcome.Closed ? "closed" : "open";
        string param = Cell((string?)outcome.Error?["param"]);
        return $"| {Cell(name)} | {status} | {code} | {param} | {closed} | {outcome.Forwarded} |\n";
    }

    private static string Cell(string? text) =>
        text is null ? "" : $"`{text.Replace("|", "\\|", StringComparison.Ordinal)}`";
}
