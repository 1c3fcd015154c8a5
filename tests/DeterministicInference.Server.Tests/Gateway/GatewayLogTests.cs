using Xunit;

namespace DeterministicInference.Server.Tests.Gateway;

/// <summary>What the log shows about a request, and what it never shows.</summary>
public sealed class GatewayLogTests(SharedFakeBackend shared)
{
    [Fact]
    public async Task Pinning_and_forwarding_are_visible_and_content_is_not()
    {
        const string marker = "Xyzzy";
        FakeBackendProcess fake = await shared.StartedAsync();
        RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        string[] ids;
        await using (gateway)
        {
            string[] bodies =
            [
                $$"""{"prompt":"{{marker}} two","max_tokens":3}""",
                $$$"""{"prompt":"{{{marker}}}","stream":true,"stream_options":{"include_usage":true}}""",
                $$"""{"prompt":"{{marker}}","stream":true,"seed":1}""",
                $$"""{"prompt":"{{marker}}","model":"{{marker}}","{{marker}}":{{marker}}}""",
                "{\"prompt\":\"x\",\"fake\":{\"answer\":{\"status\":500,\"body\":\"{\\\"error\\\":\\\""
                    + marker
                    + "\\\"}\"}}}",
            ];
            var replies = new List<Reply>();
            foreach (string body in bodies)
                replies.Add(await gateway.Api.PostAsync(ApiClient.Completions, body));
            await gateway.Api.GetAsync("/health");
            ids = [.. replies.Select(reply => Assert.Single(reply.Headers.GetValues("x-request-id")))];
        }
        IReadOnlyList<string> lines = gateway.Log.All;
        Assert.All(lines, line => Assert.DoesNotContain(marker, line, StringComparison.OrdinalIgnoreCase));
        const string proxy = "Debug deterministic_inference.proxy ",
            server = "Information deterministic_inference.server POST /v1/completions ";
        Assert.Contains($"{proxy}Pinned seed=42 for {ids[0]}", lines);
        Assert.Contains($"{proxy}Forwarding to {fake.Url}/v1/completions: 47 bytes, stream=False, {ids[0]}", lines);
        Assert.DoesNotContain(
            lines,
            line => line.Contains("Pinned", StringComparison.Ordinal) && line.EndsWith(ids[2], StringComparison.Ordinal)
        );
        Assert.Contains($"Warning deterministic_inference.proxy {ids[4]} gets status 500: backend_error", lines);
        // Tokens as the engine counts them; a stream that does not ask for the counts has none.
        Line(ids[0], "200 *prompt_tokens=2 completion_tokens=3 ");
        Line(ids[1], "200 *prompt_tokens=1 completion_tokens=16 ");
        Line(ids[2], "200 *prompt_tokens=- completion_tokens=- ");
        Line(ids[3], "400 *prompt_tokens=- completion_tokens=- ");
        Line(ids[4], "500 *prompt_tokens=- completion_tokens=- ");
        Assert.Contains(
            lines,
            line => line.StartsWith("Debug deterministic_inference.server GET /health 200", StringComparison.Ordinal)
        );

        void Line(string id, string parts)
        {
            string line = Assert.Single(
                lines,
                line =>
                    line.StartsWith(server, StringComparison.Ordinal)
                    && line.Contains($" {id}", StringComparison.Ordinal)
            );
            Assert.All(parts.Split('*'), part => Assert.Contains(part, line, StringComparison.Ordinal));
        }
    }
}
