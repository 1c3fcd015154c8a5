using System.Net;
using DeterministicInference.Receipts.Servers;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Servers;

/// <summary>What is told of a server that gives no usable answer.</summary>
public sealed class RemoteServerTests
{
    public static TheoryData<HttpStatusCode> Failures =>
        [
            .. Enum.GetValues<HttpStatusCode>()
                .Where(status => status >= HttpStatusCode.Ambiguous)
                .Where(status =>
                    status is not (HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.MethodNotAllowed)
                )
                .Distinct(),
        ];

    /// <summary>A program that uses the library has no options.</summary>
    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_remedy_names_no_option_of_the_command(HttpStatusCode status)
    {
        var refusal = await Assert.ThrowsAsync<NoAnswerException>(() =>
            GetAsync(status, """{"error":{"message":"No\u001b."}}""")
        );
        Assert.Equal(status, refusal.Status);
        Assert.StartsWith($"it answers {(int)status}: No\\u001b", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Gone)]
    [InlineData(HttpStatusCode.MethodNotAllowed)]
    public async Task What_a_server_does_not_have_is_no_failure(HttpStatusCode status) =>
        Assert.Null(await GetAsync(status, "{}"));

    private static async Task<byte[]?> GetAsync(HttpStatusCode status, string body)
    {
        using var content = new StringContent(body);
        using var server = new RemoteServer(
            "http://server.example/",
            apiKey: null,
            Timeout.InfiniteTimeSpan,
            new ScriptedHandler(_ => new HttpResponseMessage(status) { Content = content })
        );
        return await server.GetAsync("v1/logs", TestContext.Current.CancellationToken);
    }
}
