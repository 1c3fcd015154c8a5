using System.Globalization;
using System.Text.Json;
using DeterministicInference.Server.Admission;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// What the server says about the engine, from memory: it never waits for the engine. Three answers: that the server
/// lives, that requests are taken, and whether those in flight make progress.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="status">What the engine is doing.</param>
/// <param name="activity">What the requests in flight show.</param>
/// <param name="limit">Who waits for a turn.</param>
/// <param name="receipts">Where receipts are kept; null where there are none.</param>
/// <param name="time">The clock.</param>
internal sealed class HealthReport(
    InferenceOptions options, BackendStatus status, EngineActivity activity, ConcurrencyLimit limit, ReceiptStore? receipts, TimeProvider time)
{
    /// <summary>Seconds after which it may be worth asking again, where nothing better is known.</summary>
    public const string RetryAfter = "5";

    private static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(10);

    /// <summary>Half of the time of a hang is a silence that is worth a word.</summary>
    private readonly TimeSpan _longSilence = options.HangAfter / 2 < LongSilence ? options.HangAfter / 2 : LongSilence;

    private readonly bool _needsReceipts = options.OnReceiptFailure == "refuse";

    /// <summary>Whether requests are taken and more may be sent.</summary>
    public bool IsReady => status.State is BackendState.Ready && !(_needsReceipts && receipts?.Problem is not null);

    /// <summary>The body of <c>/health</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        BackendState state = status.State;
        (string name, string? detail) = Describe(state);
        int inFlight = activity.InFlight;
        TimeSpan silence = activity.Silence;
        if (state is BackendState.Ready && detail is null && silence >= _longSilence)
        {
            detail = $"no byte for {silence.TotalSeconds:F0} s on any of {inFlight} requests in flight; probes pass";
        }
        json.WriteStartObject();
        json.WriteString("status", IsReady ? "healthy" : state is BackendState.Ready ? "unhealthy" : name);
        json.WriteStartObject("backend");
        json.WriteString("status", name);
        json.WriteBoolean("healthy", state is BackendState.Ready);
        json.WriteString("url", BackendAddress.Shown(state.Address ?? status.Address));
        if (detail is not null) json.WriteString("detail", detail);
        json.WriteNumber("restarts", status.Restarts);
        json.WriteStartObject("progress");
        json.WriteNumber("in_flight", inFlight);
        json.WriteNumber("queued", limit.Queued);
        json.WriteNumber("silent_seconds", Math.Round(silence.TotalSeconds, 1));
        json.WriteEndObject();
        json.WriteEndObject();
        if (receipts is not null)
        {
            json.WriteStartObject("receipts");
            json.WriteString("status", receipts.Problem is null ? "ok" : "unavailable");
            if (receipts.Problem is { } problem) json.WriteString("detail", problem);
            json.WriteEndObject();
        }
        json.WriteStartObject("determinism");
        json.WriteString("class", status.Verdict.Class);
        json.WriteStartArray("reasons");
        // The codes: whoever may not see the settings may see this.
        foreach (Finding reason in status.Verdict.Reasons) json.WriteStringValue(reason.Code);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The body of <c>/livez</c>: that it was written is the message.</summary>
    public static void WriteAlive(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("status", "alive");
        json.WriteEndObject();
    }

    /// <summary>The answer to a request that comes while the engine can't take it.</summary>
    public OpenAIException NotReady()
    {
        BackendState state = status.State;
        (string name, string? detail) = Describe(state);
        return new OpenAIException(StatusCodes.Status503ServiceUnavailable, "server_error", $"The backend is {name}: {detail}", code: "backend_unavailable")
        {
            RetryAfter = RetryAfterOf(state),
        };
    }

    /// <summary>When it may be worth asking again, in seconds.</summary>
    public string RetryAfterNow => RetryAfterOf(status.State);

    // Not before the next start.
    private string RetryAfterOf(BackendState state) => state is BackendState.Restarting { Next: var next } && (next - time.GetUtcNow()).TotalSeconds is > 5 and var seconds
        ? Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture)
        : RetryAfter;

    private (string Status, string? Detail) Describe(BackendState state) => state switch
    {
        BackendState.Ready ready => ("ready", ready.Detail),
        BackendState.Starting starting => ("starting", starting.Detail),
        BackendState.Unhealthy unhealthy => ("unhealthy", unhealthy.Detail),
        BackendState.Restarting restarting => ("restarting",
            $"{restarting.Reason} Start {restarting.Attempt} follows in {Math.Max(0, (restarting.Next - time.GetUtcNow()).TotalSeconds):F0} s."),
        // The engine's last lines stay in the log: they may quote a prompt.
        BackendState.Failed failed => ("failed", failed.Reason),
        BackendState.Stopping => ("stopping", "the server is shutting down"),
        _ => throw new InvalidOperationException($"Unknown state {state}."),
    };
}
