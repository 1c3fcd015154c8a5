using System.Globalization;

namespace DeterministicInference.Server.Tests.Requests;

/// <summary>The text of <c>docs/hostile-input.md</c>.</summary>
internal static class HostileInputPage
{
    public const string Introduction = """
        # Hostile input

        What the server answers to requests that are wrong, odd or meant to harm. The tables are what a test run saw: each input went to a running
        server through a socket, then a normal request, which was served, on the same connection where it was still open. *Engine* counts the
        requests that reached the engine. `DIS_WRITE_DOCS=1` and the test `The_page_of_hostile_inputs_shows_what_happens` write this page.

        Decisions:

        - Fields that the API defines are checked before the engine sees the request, also with `--determinism off`. Fields that it does not define
          are the engine's and go through as they came. Null counts as absent.
        - `"true"`, `"false"` and numbers as strings are taken for what they say where the API wants that type; the engine gets the scalar, every other byte
          of the body stays, and the change is recorded as a pin. Other spellings (`"True"`, `" 1"`) are refused.
        - Whole numbers may be written `10.0` or `1e1`. Seeds are 64-bit integers.
        - How many stop texts, alternatives (`logprobs`, `top_logprobs`) and prompts are too many differs from engine to engine and is left to it, as are
          `stream_options` without `stream`, types of `response_format`, and parts of messages that are not text. Unknown roles are refused.
        - Compressed bodies are refused (415): no client library sends them, and the limit for bodies then means what it says.
        - An announced or chunked body above `--max-request-bytes` is refused without being read, and the connection is closed.
        - Requests whose HTTP is malformed, or whose head is too large, are refused by the web server before anything of ours runs: the status is
          right, the connection is closed, and there is no body. They are marked *no body*.

        """;

    public static string Heading(string group) => $"\n## {group}\n\n| input | status | code | param | connection | engine |\n| --- | --- | --- | --- | --- | --- |\n";

    public static string Row(string name, HostileOutcome outcome)
    {
        string status = outcome.Status == 0 ? "–" : outcome.Status.ToString(CultureInfo.InvariantCulture);
        string code = outcome is { Status: >= 400, HasBody: false } ? "*no body*" : Cell((string?)outcome.Error?["code"]);
        return $"| {Cell(name)} | {status} | {code} | {Cell((string?)outcome.Error?["param"])} | {(outcome.Closed ? "closed" : "open")} | {outcome.Forwarded} |\n";
    }

    private static string Cell(string? text) => text is null ? "" : $"`{text.Replace("|", "\\|", StringComparison.Ordinal)}`";
}
