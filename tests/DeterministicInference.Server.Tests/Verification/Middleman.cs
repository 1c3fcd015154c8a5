using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>An answer on its way.</summary>
/// <param name="Type">Content type.</param>
/// <param name="Body">The text.</param>
internal sealed record PassedAnswer(string Type, string Body)
{
    public PassedAnswer With(string body) => this with { Body = body };
}

/// <summary>
/// Somebody between a client and a server, on real sockets, who passes questions on, and other answers back. A key that
/// is asked for is the server's.
/// </summary>
internal sealed class Middleman : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ApiClient _server;
    private readonly Func<string, string, PassedAnswer, Task<PassedAnswer>> _change;

    private Middleman(
        WebApplication app,
        string server,
        Func<string, string, PassedAnswer, Task<PassedAnswer>> change
    ) => (_app, _server, _change) = (app, new ApiClient(server), change);

    public string Url => _app.Urls.Single();

    /// <param name="server">Address of the server.</param>
    /// <param name="change">Makes the answer that the client gets, of question, request body and honest answer.</param>
    public static async Task<Middleman> StartAsync(
        string server,
        Func<string, string, PassedAnswer, Task<PassedAnswer>> change
    )
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            "127.0.0.1",
            0,
            1 << 20,
            new ServeOptions().RequestHeadersTimeout
        );
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var middleman = new Middleman(app, server, change);
        app.Run(middleman.HandleAsync);
        await app.StartAsync(Xunit.TestContext.Current.CancellationToken);
        return middleman;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _server.Dispose();
    }

    /// <summary>What a server answers to a request.</summary>
    public static async Task<PassedAnswer> AskAsync(ApiClient server, string body)
    {
        Reply reply = await server.PostAsync(ApiClient.Chat, body);
        return new PassedAnswer(reply.ContentHeaders.ContentType!.ToString(), reply.Body);
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            string told = (await _server.GetAsync(context.Request.Path)).Body;
            await context.Response.WriteAsync(told, context.RequestAborted);
            return;
        }
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        string question = (string)JsonNode.Parse(body)!["messages"]![0]!["content"]!;
        PassedAnswer answer = await _change(question, body, await AskAsync(_server, body));
        context.Response.ContentType = answer.Type;
        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }
}
