using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.OriginalScenarios;

/// <summary>
/// The server that INFERENCE_TEST_URL names, wherever it runs and whatever its engine; without it, one of our own with
/// the embedded engine.
/// </summary>
public sealed class ServerUnderTest : IAsyncLifetime
{
    private static readonly string? Url = Environment.GetEnvironmentVariable("INFERENCE_TEST_URL");

    private ServeProcess? _own;

    internal ApiClient Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (Url is { Length: > 0 } url)
        {
            Api = new ApiClient(url.TrimEnd('/'));
        }
        else
        {
            _own = await ServeProcess.EmbeddedAsync(TestModels.Chat);
            Api = _own.Api;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_own is not null)
            await _own.DisposeAsync();
        else
            Api.Dispose();
    }
}
