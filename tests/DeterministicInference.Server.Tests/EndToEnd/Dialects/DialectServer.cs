using System.Text.Json.Nodes;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Tests.EndToEnd.FakeBackend;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>The <c>serve</c> command in front of one engine, which it launches or attaches to.</summary>
internal sealed class DialectServer : IAsyncDisposable
{
    /// <summary>The model of all engines.</summary>
    public const string Model = "tiny";

    /// <summary>Short, so that tests of silence are fast.</summary>
    public static readonly TimeSpan KeepAliveInterval = TimeSpan.FromMilliseconds(200);

    private readonly ServeProcess _serve;
    private readonly FakeBackendProcess? _attached;

    private DialectServer(ServeProcess serve, FakeBackendProcess? attached)
    {
        _serve = serve;
        _attached = attached;
    }

    public ApiClient Api => _serve.Api;

    /// <summary>Requests straight to the engine.</summary>
    public ApiClient Engine => _attached?.Api ?? _serve.Engine;

    private static readonly Dictionary<string, Func<Task<DialectServer>>> Starts = new()
    {
        [Dialect.SGLang] = () =>
            LaunchAsync(Dialect.SGLang, "--backend-command", FakeBackendProcess.Command, "--model-path", "org/tiny"),
        [Dialect.Vllm] = () =>
            LaunchAsync(Dialect.Vllm, "--backend-command", FakeBackendProcess.Command, "--model-path", "org/tiny"),
        [Dialect.LlamaCpp] = () =>
            LaunchAsync(Dialect.LlamaCpp, "--backend-command", FakeBackendProcess.Command, "--model-path", GgufFile()),
        [Dialect.Tgi] = () => AttachAsync(Dialect.Tgi, FakeDialect.Tgi, ["--model-id", Model]),
        [Dialect.External] = () => AttachAsync(Dialect.External, FakeDialect.Vllm, ["--served-model-name", Model]),
        [Dialect.Embedded] = () => LaunchAsync(Dialect.Embedded, "--model-path", TestModels.Chat),
    };

    /// <summary>Waits for a line of the server's log that contains a text.</summary>
    public Task<string> LineAsync(string text) => _serve.LineAsync(text);

    /// <summary>Whether there is something to start for an engine.</summary>
    public static bool CanStart(string dialect) => Starts.ContainsKey(dialect);

    public static Task<DialectServer> StartAsync(string dialect) => Starts[dialect]();

    /// <summary>The request with this text in it, as the engine got it.</summary>
    public async Task<JsonObject> SentAsync(string containing)
    {
        JsonArray requests = JsonNode.Parse((await Engine.GetAsync("/__fake/requests")).Body)!.AsArray();
        string body = Assert.Single(
            requests.Select(request => (string)request!["body"]!),
            body => body.Contains(containing, StringComparison.Ordinal)
        );
        return JsonNode.Parse(body)!.AsObject();
    }

    public async Task OpenAsync(string gate) =>
        Assert.Equal(System.Net.HttpStatusCode.OK, (await Engine.PostAsync($"/__fake/gates/{gate}", "")).Status);

    /// <summary>Sends a request and reads everything until the connection ends, regularly or not.</summary>
    /// <returns>Head and body as they came, the body with its chunks' sizes.</returns>
    public async Task<(string Head, string Body)> RawAsync(string path, string json)
    {
        using RawConnection connection = await OpenRawAsync(path, json);
        string answer = await connection.ReadToBreakAsync();
        int end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        return (answer[..end], answer[end..]);
    }

    /// <summary>Sends a request after which the connection ends.</summary>
    public async Task<RawConnection> OpenRawAsync(string path, string json)
    {
        RawConnection connection = await RawConnection.OpenAsync(Api.Url);
        await connection.SendAsync(
            RawConnection
                .Post(path, json)
                .Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal)
        );
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _serve.DisposeAsync();
        if (_attached is not null)
            await _attached.DisposeAsync();
    }

    private static Task<DialectServer> LaunchAsync(string backend, params string[] settings) =>
        StartAsync(null, backend, settings);

    private static async Task<DialectServer> AttachAsync(string backend, string dialect, string[] own)
    {
        FakeBackendProcess fake = await FakeDialect.StartAsync(dialect, own);
        return await StartAsync(fake, backend, "--backend-url", fake.Url);
    }

    private static async Task<DialectServer> StartAsync(
        FakeBackendProcess? attached,
        string backend,
        params string[] settings
    )
    {
        ServeProcess serve = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [
                "--backend",
                backend,
                .. settings,
                "--served-model-name",
                Model,
                "--keep-alive-interval",
                $"{KeepAliveInterval.TotalMilliseconds}ms",
            ]
        );
        await serve.ReadyAsync(EngineRegistry.BuiltIn.Find(backend)!.Title);
        return new DialectServer(serve, attached);
    }

    private static string GgufFile()
    {
        string file = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");
        File.WriteAllText(file, GgufBytes.Text());
        return file;
    }
}
