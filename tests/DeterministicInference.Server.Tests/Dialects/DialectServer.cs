using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Fake;
using DeterministicInference.Server.Tests.Models;
using DeterministicInference.Server.Tests.Proxy;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Dialects;

/// <summary>The <c>serve</c> command in front of one engine, which it has launched or was told the address of.</summary>
internal sealed class DialectServer : IAsyncDisposable
{
    /// <summary>What every one of them serves.</summary>
    public const string Model = "tiny";

    /// <summary>Short, so that a test of silence takes no time.</summary>
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

    public static Task<DialectServer> StartAsync(string dialect) => dialect switch
    {
        Dialect.SGLang => LaunchAsync("SGLang server", "--backend", "sglang", "--backend-command", FakeBackendProcess.Command, "--model-path", "org/tiny"),
        Dialect.Vllm => LaunchAsync("vLLM server", "--backend", "vllm", "--backend-command", FakeBackendProcess.Command, "--model-path", "org/tiny"),
        Dialect.LlamaCpp => LaunchAsync("llama.cpp server", "--backend", "llamacpp", "--backend-command", FakeBackendProcess.Command, "--model-path", GgufFile()),
        Dialect.Tgi => AttachAsync(FakeDialect.Tgi, "TGI server", "tgi", ["--model-id", Model]),
        Dialect.External => AttachAsync(FakeDialect.Vllm, "External engine", "external", ["--served-model-name", Model]),
        _ => LaunchAsync("Embedded engine", "--backend", "embedded", "--model-path", TestModels.Chat),
    };

    /// <summary>The request with this text in it, as the engine got it.</summary>
    public async Task<JsonObject> SentAsync(string containing)
    {
        JsonArray requests = JsonNode.Parse((await Engine.GetAsync("/__fake/requests")).Body)!.AsArray();
        string body = Assert.Single(requests.Select(request => (string)request!["body"]!), body => body.Contains(containing, StringComparison.Ordinal));
        return JsonNode.Parse(body)!.AsObject();
    }

    public async Task OpenAsync(string gate) => Assert.Equal(System.Net.HttpStatusCode.OK, (await Engine.PostAsync($"/__fake/gates/{gate}", "")).Status);

    /// <summary>Sends a request and reads everything until the connection ends, in good order or not.</summary>
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
        await connection.SendAsync(RawConnection.Post(path, json).Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal));
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _serve.DisposeAsync();
        if (_attached is not null) await _attached.DisposeAsync();
    }

    private static Task<DialectServer> LaunchAsync(string title, params string[] settings) => StartAsync(null, title, settings);

    private static async Task<DialectServer> AttachAsync(string engine, string title, string backend, string[] own)
    {
        FakeBackendProcess fake = await FakeDialect.StartAsync(engine, own);
        return await StartAsync(fake, title, "--backend", backend, "--backend-url", fake.Url);
    }

    private static async Task<DialectServer> StartAsync(FakeBackendProcess? attached, string title, params string[] settings)
    {
        ServeProcess serve = await ServeProcess.StartAsync(
            ServerProgram.Built, [.. settings, "--served-model-name", Model, "--keep-alive-interval", $"{KeepAliveInterval.TotalMilliseconds}ms"]);
        await serve.ReadyAsync(title);
        return new DialectServer(serve, attached);
    }

    private static string GgufFile()
    {
        string file = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");
        File.WriteAllText(file, "GGUF");
        return file;
    }
}
