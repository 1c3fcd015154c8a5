using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Logging;

/// <summary>The log of <c>serve</c>, beginning with the three lines that the Python original's README shows.</summary>
public sealed partial class GoldenLogTests
{
    private const string Sglang = "deterministic_inference.backends.sglang",
        Proxy = "deterministic_inference.proxy";

    private static readonly string[] FromTheReadme =
    [
        "INFO     | deterministic_inference.server | Starting Deterministic Inference Server",
        "INFO     | deterministic_inference.backends.sglang | Starting SGLang server with model: /models/llama-2-7b",
        "INFO     | deterministic_inference.backends.sglang | SGLang server is ready",
    ];

    [Fact]
    public async Task The_readmes_lines_come_in_their_order_and_every_line_has_the_form()
    {
        ServeProcess server = await ServeProcess.SglangAsync([]);
        await using (server)
        {
            await server.ReadyAsync("SGLang server");
            await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
        }
        Assert.All(server.Log.Lines, line => Assert.Matches(Line(), line));
        string[] untimed = [.. server.Log.Lines.Select(line => line["2025-10-23 10:30:45 | ".Length..])];
        Assert.Equal(FromTheReadme, untimed.Where(FromTheReadme.Contains));
        Assert.Equal(FromTheReadme[0], untimed[0]);
        Assert.Contains(untimed, line => EngineLine().IsMatch(line));
        Assert.Contains(untimed, line => AccessLogEntry().IsMatch(line));
        Assert.Equal("INFO     | deterministic_inference.server | Stopped", untimed[^1]);
    }

    [Fact]
    public async Task The_embedded_engines_lines_keep_their_module_and_level()
    {
        ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Scripted);
        await using (server)
            await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":2}""");
        Assert.All(server.Log.Lines, line => Assert.Matches(Line(), line));
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains(
                    "| INFO     | deterministic_inference.engine | Engine ready: model scripted at ",
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains(
                    "| INFO     | deterministic_inference.backends.embedded | Embedded engine is ready",
                    StringComparison.Ordinal
                )
        );
        // The request is one line, the gateway's.
        string[] requests =
        [
            .. server.Log.Lines.Where(line => line.Contains("POST /v1/completions 200 ", StringComparison.Ordinal)),
        ];
        Assert.Equal(
            ["deterministic_inference.server"],
            requests.Select(line => Line().Match(line).Groups["module"].Value)
        );
        Assert.All(
            requests,
            line => Assert.Contains("prompt_tokens=1 completion_tokens=2 ", line, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_file_gets_the_lines_of_the_console()
    {
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        ServeProcess server = await ServeProcess.SglangAsync(["--log-file", file]);
        await using (server)
            await server.ReadyAsync("SGLang server");
        // Each takes the time by itself, and lines that are logged at the same moment may come in either order.
        Assert.Equal(
            server.Log.Lines.Select(Untimed).Order(StringComparer.Ordinal),
            (await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken))
                .Select(Untimed)
                .Order(StringComparer.Ordinal)
        );

        static string Untimed(string line) => line["2025-10-23 10:30:45 | ".Length..];
    }

    [Fact]
    public async Task Without_console_only_the_file_gets_them()
    {
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        await File.WriteAllTextAsync(file, "kept\n", TestContext.Current.CancellationToken);
        ServeProcess server = await ServeProcess.SglangQuietAsync(["--log-file", file, "--log-to-console", "false"]);
        await using (server)
            await server.Api.AnswersAsync("/readyz", System.Net.HttpStatusCode.OK);
        Assert.Empty(server.Log.Lines);
        string[] lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal("kept", lines[0]);
        Assert.Equal(
            FromTheReadme,
            lines.Skip(1).Select(line => line["2025-10-23 10:30:45 | ".Length..]).Where(FromTheReadme.Contains)
        );
    }

    [Fact]
    public async Task As_JSON_every_line_is_one_object()
    {
        ServeProcess server = await ServeProcess.SglangAsync(["--log-format", "json"]);
        await using (server)
            await server.LineAsync("\"SGLang server is ready\"");
        JsonObject[] entries = [.. server.Log.Lines.Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.All(
            entries,
            entry => Assert.Equal(["time", "level", "module", "message"], entry.Select(member => member.Key))
        );
        Assert.All(entries, entry => Assert.Matches(UtcTime(), (string?)entry["time"]));
        string[] told =
        [
            .. entries.Select(entry =>
                $"{(string?)entry["level"], -8} | {(string?)entry["module"]} | {(string?)entry["message"]}"
            ),
        ];
        Assert.Equal(FromTheReadme, told.Where(FromTheReadme.Contains));
    }

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"Xyzzy\"")]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"Xyzzy\"}]")]
    public async Task DEBUG_shows_pinning_and_forwarding_and_never_a_prompt(string path, string prompt)
    {
        ServeProcess server = await ServeProcess.SglangAsync(["--log-level", "DEBUG"]);
        string id,
            seeded;
        await using (server)
        {
            await server.ReadyAsync("SGLang server");
            id = Id(await server.Api.PostAsync(path, $$"""{{{prompt}}}"""));
            seeded = Id(await server.Api.PostAsync(path, $$"""{{{prompt}},"seed":5}"""));
            await server.Api.PostAsync(path, $$"""{{{prompt}},"temperature":"Xyzzy"}""");
            await server.Api.PostAsync(path, $$"""{{{prompt}},"temperature":9,"user":"Xyzzy"}""");
            await server.Api.PostAsync(path, "{\"Xyzzy\":Xyzzy}");
            Assert.EndsWith(
                "data: [DONE]\n\n",
                (await server.Api.PostAsync(path, $$"""{{{prompt}},"stream":true}""")).Body,
                StringComparison.Ordinal
            );
            await server.Api.GetAsync("/health");
        }
        Assert.Contains(
            server.Log.Lines,
            line => line.EndsWith($"| DEBUG    | {Proxy} | Pinned seed=42 for {id}", StringComparison.Ordinal)
        );
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains(
                    $"| DEBUG    | {Proxy} | Forwarding to {server.EngineUrl}{path}: ",
                    StringComparison.Ordinal
                ) && line.EndsWith(id, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(
            server.Log.Lines,
            line => line.Contains($"Pinned seed=42 for {seeded}", StringComparison.Ordinal)
        );
        Assert.Contains(
            server.Log.Lines,
            line => line.Contains($"| DEBUG    | {ServeProcess.Module} | GET /health 200", StringComparison.Ordinal)
        );
        Assert.All(server.Log.Lines, line => Assert.DoesNotContain("Xyzzy", line, StringComparison.OrdinalIgnoreCase));

        static string Id(Reply reply) => Assert.Single(reply.Headers.GetValues("x-request-id"));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_is_one_line_and_no_error()
    {
        const int clients = 50;
        ServeProcess server = await ServeProcess.SglangAsync([]);
        await using (server)
        {
            await server.ReadyAsync("SGLang server");
            for (int i = 0; i < clients; i++)
            {
                using RawConnection connection = await RawConnection.OpenAsync(server.Url);
                await connection.SendAsync(
                    "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: "
                        + "100-continue\r\nContent-Length: 100\r\n\r\n{"
                );
                // Sent when the server begins to read the body.
                Assert.StartsWith("HTTP/1.1 100 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
                connection.Reset();
            }
            await server.LineAsync("POST /v1/completions ", times: clients);
        }
        Assert.Equal(
            clients,
            server.Log.Lines.Count(line => line.Contains("POST /v1/completions 4", StringComparison.Ordinal))
        );
        Assert.DoesNotContain(
            server.Log.Lines,
            line =>
                line.Contains("| ERROR", StringComparison.Ordinal)
                || line.Contains("Exception", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Above_its_level_a_line_is_silent()
    {
        ServeProcess server = await ServeProcess.SglangQuietAsync(["--receipts", "off", "--log-level", "WARNING"]);
        await using (server)
        {
            await server.Api.AnswersAsync("/readyz", System.Net.HttpStatusCode.OK);
            await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        }
        Assert.Empty(server.Log.Lines);
    }

    [GeneratedRegex(
        @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| (DEBUG   |INFO    |WARNING |ERROR   |CRITICAL) \| (?<module>deterministic_inference\.[a-z_.]+) \| \S"
    )]
    private static partial Regex Line();

    [GeneratedRegex(
        @"^INFO     \| deterministic_inference\.backends\.sglang\.engine \| \[.*\] Uvicorn running on http://127\.0\.0\.1:\d+ "
    )]
    private static partial Regex EngineLine();

    [GeneratedRegex(
        @"^INFO     \| deterministic_inference\.server \| POST /v1/completions 200 \d+\.\d ms prompt_tokens=1 completion_tokens=16 req_[0-9a-f]{24} first_byte_ms=\d+\.\d$"
    )]
    private static partial Regex AccessLogEntry();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex UtcTime();
}
