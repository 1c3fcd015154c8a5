using System.Net;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>A server that has been asked to stop.</summary>
internal static class ClosedGateway
{
    /// <summary>Waits until no new request is answered: connections are refused, or the answer is 503.</summary>
    public static async Task AwaitAsync(string url)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            using var other = new ApiClient(url);
            try
            {
                Reply reply = await other.GetAsync("/readyz");
                if (reply.Status == HttpStatusCode.ServiceUnavailable)
                    return;
                Assert.Equal(HttpStatusCode.OK, reply.Status);
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }
}
