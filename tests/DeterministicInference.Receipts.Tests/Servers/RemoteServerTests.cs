using DeterministicInference.Receipts.Servers;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Servers;

/// <summary>What is told of a server that gives no usable answer.</summary>
public sealed class RemoteServerTests
{
    /// <summary>A program that uses the library has no options.</summary>
    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(422)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_remedy_names_no_option_of_the_command(int status)
    {
        var refusal = await Assert.ThrowsAsync<NoAnswerException>(() =>
            GetAsync(status, """{"error":{"message":"No\u001b."}}""")
        );
        Assert.Equal(status, (int)refusal.Status!);
        Assert.StartsWith($"it answers {status}: No\\u001b", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(410)]
    public async Task What_a_server_does_not_have_is_no_failure(int status) =>
        Assert.Null(await GetAsync(status, "{}"));

    private static async Task<byte[]?> GetAsync(int status, string body)
    {
        await using var scripted = new ScriptedServer(_ => ScriptedServer.Answer(status, "", body));
        using var server = new RemoteServer(
            scripted.Url,
            apiKey: null,
            Timeout.InfiniteTimeSpan,
            ReceiptServer.CreateHandler()
        );
        return await server.GetAsync("v1/logs", TestContext.Current.CancellationToken);
    }
}
