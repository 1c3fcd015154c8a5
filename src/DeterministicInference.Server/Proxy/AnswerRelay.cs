using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>Sends a JSON answer on as it came, with the members <c>environment</c> and <c>determinism</c>.</summary>
internal sealed class AnswerRelay(GpuEnvironment environment)
{
    /// <summary>Answers above this size are read off the thread that serves the sockets.</summary>
    private const int LargeAnswer = 64 * 1024;

    private readonly byte[] _environment = environment.ToJsonString();

    /// <exception cref="OpenAIException">The answer is not one JSON object, or an error; or it could not be sealed.</exception>
    public async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> answer, int status, AnswerPlan plan)
    {
        if (answer.Length > LargeAnswer) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var scan = new AnswerScan(plan.HidesTokenIds, plan.Ids);
        plan.Observe(scan, answer, "its answer is not a JSON object.");
        scan.Usage.Log(context);
        byte[]? determinism = null;
        if (plan.Seal is { } seal)
        {
            context.Response.Headers[ReceiptHeaders.Id] = seal.ReceiptId;
            determinism = await seal.SealAsync(scan.Own.Determinism is { } upstream ? answer[upstream] : null, context.RequestAborted);
        }
        byte[] body = Compose(answer.Span, scan, determinism);
        if (plan.Seal is not null) context.Response.Headers[ReceiptHeaders.ContentDigest] = $"sha-256=:{Convert.ToBase64String(SHA256.HashData(body))}:";
        await ApiJson.WriteAsync(context, status, body);
    }

    private byte[] Compose(ReadOnlySpan<byte> answer, AnswerScan scan, byte[]? determinism)
    {
        List<JsonSplice.Edit> edits = [.. scan.Edits];
        bool isFirst = scan.End.IsFirst;
        List<byte> added = [];
        if (scan.Own.Environment is { } place) edits.Insert(edits.FindLastIndex(edit => edit.Place.Start.Value <= place.Start.Value) + 1, new JsonSplice.Edit(place, _environment));
        else Add("environment"u8, _environment);
        if (determinism is not null) Add("determinism"u8, determinism);
        edits.Add(new JsonSplice.Edit(scan.End.Place..scan.End.Place, [.. added]));
        return JsonSplice.Apply(answer, CollectionsMarshal.AsSpan(edits));

        void Add(ReadOnlySpan<byte> name, byte[] value)
        {
            if (!isFirst) added.Add((byte)',');
            isFirst = false;
            added.AddRange([(byte)'"', .. name, .. "\":"u8, .. value]);
        }
    }
}
