using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Receipts.Witnesses;

/// <summary>A witness on a real socket that may misbehave. It checks proofs as a witness does.</summary>
internal sealed class ScriptedWitness : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SigningKey _key = SigningKey.Create();
    private readonly ConcurrentQueue<AddCheckpointRequest> _requests = [];
    private readonly ConcurrentDictionary<string, Checkpoint> _last = [];

    private ScriptedWitness(WebApplication app, string name)
    {
        _app = app;
        Cosigner = new Cosigner(name, _key);
    }

    public Cosigner Cosigner { get; }

    public string Url => _app.Urls.Single();

    public IReadOnlyList<AddCheckpointRequest> Requests => [.. _requests];

    /// <summary>What it answers instead of a cosignature; null for that.</summary>
    public Func<AddCheckpointRequest, (int Status, string Type, string Body)?> Answer { get; set; } = _ => null;

    /// <summary>While it is not completed, requests wait.</summary>
    public TaskCompletionSource Open { get; set; } = Opened();

    public static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }

    public static async Task<ScriptedWitness> StartAsync(string name)
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            "127.0.0.1",
            0,
            1 << 20,
            new ServeOptions().RequestHeadersTimeout
        );
        builder.Logging.ClearProviders();
        var witness = new ScriptedWitness(builder.Build(), name);
        witness._app.Run(witness.HandleAsync);
        await witness._app.StartAsync(Xunit.TestContext.Current.CancellationToken);
        return witness;
    }

    /// <summary>Has it know a checkpoint, as if another had sent it.</summary>
    public void Take(Checkpoint checkpoint) => _last[checkpoint.Origin] = checkpoint;

    /// <summary>Its line of a policy.</summary>
    public string Line(string name) => $"witness {name} {Cosigner.Key} {Url}\n";

    /// <summary>A cosignature that is worth nothing, as it states no time.</summary>
    public NoteSignature SignWithoutTime(SignedNote note) =>
        new(
            Cosigner.Key.Name,
            Cosigner.Key.Id,
            (byte[])
                [
                    .. new byte[sizeof(ulong)],
                    .. _key.Sign(Encoding.UTF8.GetBytes($"cosignature/v1\ntime 0\n{note.Text}")),
                ]
        );

    public async ValueTask DisposeAsync()
    {
        Open.TrySetResult();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        AddCheckpointRequest request = AddCheckpointRequest.Parse(body.ToArray());
        _requests.Enqueue(request);
        await Open.Task.WaitAsync(context.RequestAborted);
        (int status, string type, string text) = Answer(request) ?? Cosign(request);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private (int, string, string) Cosign(AddCheckpointRequest request)
    {
        Checkpoint next = request.Checkpoint,
            last = _last.GetOrAdd(next.Origin, origin => new Checkpoint(origin, 0, MerkleHash.Empty));
        if (request.OldSize != last.Size)
            return (409, "text/x.tlog.size", string.Create(CultureInfo.InvariantCulture, $"{last.Size}\n"));
        if (!MerkleProof.VerifyConsistency(last.Size, last.Root, next.Size, next.Root, request.Proof))
            return (422, "text/plain", "another history\n");
        _last[next.Origin] = next;
        return (200, "text/plain", $"{Cosigner.Sign(request.Note, 1_790_000_000)}\n");
    }
}
