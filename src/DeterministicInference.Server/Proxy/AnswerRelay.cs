using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>Sends a JSON answer on as it came, with the member <c>environment</c>.</summary>
internal sealed class AnswerRelay(GpuEnvironment environment)
{
    /// <summary>Answers above this size are read off the thread that serves the sockets.</summary>
    private const int LargeAnswer = 64 * 1024;

    private readonly byte[] _environment = environment.ToJsonString();

    /// <exception cref="OpenAIException">The answer is not one JSON object.</exception>
    public async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> answer, int status)
    {
        if (answer.Length > LargeAnswer) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        byte[] body;
        try
        {
            if (!Utf8.IsValid(answer.Span)) throw new JsonException();
            body = JsonSplice.Set(answer.Span, "environment"u8, _environment);
            TokenUsage.Read(answer.Span).Log(context);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an unpaired surrogate escape in a name.
            throw BackendFailures.BadAnswer("its answer is not a JSON object.");
        }
        await ApiJson.WriteAsync(context, status, body);
    }
}
