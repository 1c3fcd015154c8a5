using System.Globalization;
using System.Text.Json;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Issuing;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Gateway;

/// <summary>
/// Reports the engine's health from memory, without waiting for the engine: whether the server lives, whether it
/// accepts requests, and whether requests in flight progress.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="status">State of the engine.</param>
/// <param name="activity">Activity of the requests in flight.</param>
/// <param name="limit">Requests in flight and in the queue.</param>
/// <param name="receipts">Stores receipts; null where receipts are off.</param>
/// <param name="witnesses">Has the log's checkpoints cosigned; null where no policy is set.</param>
/// <param name="time">The clock.</param>
internal sealed class HealthReport(
    ServeOptions options,
    EngineStatus status,
    EngineActivity activity,
    ConcurrencyLimit limit,
    ReceiptStore? receipts,
    CheckpointWitnesses? witnesses,
    TimeProvider time
)
{
    private static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(10);

    /// <summary>Silence longer than half of --hang-after, at most <see cref="LongSilence"/>, is reported.</summary>
    private readonly TimeSpan _longSilence = options.HangAfter / 2 < LongSilence ? options.HangAfter / 2 : LongSilence;

    private readonly bool _needsReceipts = options.OnReceiptFailure == ReceiptFailureAction.Refuse;

    /// <summary>The present state.</summary>
    public ServerState Now => new(status.State, receipts?.State, witnesses?.State);

    /// <summary>Whether new requests should come to this server.</summary>
    public bool IsReady(ServerState now) => now.Engine is EngineState.Ready && !WithholdsAnswers(now);

    /// <summary>The body of <c>/health</c>.</summary>
    public void Write(Utf8JsonWriter json, ServerState now)
    {
        EngineState state = now.Engine;
        (string name, string? detail) = Describe(state);
        int inFlight = activity.InFlight;
        TimeSpan silence = activity.Silence;
        if (state is EngineState.Ready && detail is null && silence >= _longSilence)
        {
            detail = $"no byte for {silence.TotalSeconds:F0} s on any of {inFlight} requests in flight; probes pass";
        }
        json.WriteStartObject();
        json.WriteString(
            "status",
            IsReady(now) ? "healthy"
                : state is EngineState.Ready ? "unhealthy"
                : name
        );
        json.WriteStartObject("backend");
        json.WriteString("status", name);
        json.WriteBoolean("healthy", state is EngineState.Ready);
        json.WriteString("url", status.Endpoint.Display);
        if (detail is not null)
            json.WriteString("detail", detail);
        json.WriteNumber("restarts", status.Restarts);
        json.WriteStartObject("progress");
        json.WriteNumber("in_flight", inFlight);
        json.WriteNumber("queued", limit.Queued);
        json.WriteNumber("silent_seconds", Math.Round(silence.TotalSeconds, 1));
        json.WriteEndObject();
        json.WriteEndObject();
        if (now.Receipts is { } store)
        {
            json.WriteStartObject("receipts");
            json.WriteString(
                "status",
                store.Problem is null ? "ok"
                    : store.CanStore ? "degraded"
                    : "unavailable"
            );
            if (store.Problem is { } problem)
                json.WriteString("detail", problem);
            json.WriteEndObject();
        }
        if (now.Witnesses is { } witnessing)
            WriteWitnesses(json, witnessing);
        WriteDeterminism(json, status.Assessment);
        json.WriteEndObject();
    }

    private static void WriteWitnesses(Utf8JsonWriter json, WitnessesState state)
    {
        json.WriteStartObject("witnesses");
        json.WriteString(
            "status",
            !state.CanWitness ? "unavailable"
                : state.Problem is not null || state.Witnesses.Any(witness => witness.IsBehind) ? "degraded"
                : "ok"
        );
        if (state.Problem is { } problem)
            json.WriteString("detail", problem);
        if (state.Size is { } size)
            json.WriteNumber("witnessed_entries", size);
        else
            json.WriteNull("witnessed_entries");
        json.WriteStartArray("witnesses");
        foreach (WitnessState witness in state.Witnesses)
        {
            json.WriteStartObject();
            json.WriteString("name", witness.Name);
            json.WriteString("status", witness.IsBehind ? "behind" : "ok");
            json.WriteNumber("entries", witness.Size);
            if (witness.Problem is not null)
                json.WriteString("detail", witness.Problem);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes codes only: the texts may name settings, and the route needs no key.</summary>
    private static void WriteDeterminism(Utf8JsonWriter json, EngineAssessment assessment)
    {
        json.WriteStartObject("determinism");
        json.WriteString("class", assessment.Class);
        json.WriteStartArray("reasons");
        foreach (string code in assessment.ReasonCodes)
            json.WriteStringValue(code);
        json.WriteEndArray();
        json.WriteStartArray("pending");
        foreach (string code in assessment.Pending.SelectMany(check => check.Codes).Distinct(StringComparer.Ordinal))
            json.WriteStringValue(code);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The body of <c>/livez</c>: that it is answered is the information.</summary>
    public static void WriteAlive(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("status", "alive");
        json.WriteEndObject();
    }

    /// <summary>The engine's address, where requests are accepted.</summary>
    /// <exception cref="OpenAIException">
    /// 503 with the reason: the engine takes no request, or its answer could not be sent for want of a receipt.
    /// </exception>
    public Uri RequireReady()
    {
        ServerState now = Now;
        if (now.Engine.Address is not { } engine)
            throw NotReady(now.Engine);
        return !WithholdsAnswers(now) ? engine
            : now.Receipts is { CanStore: false } ? throw ReceiptIssuer.NotStored()
            : throw ReceiptIssuer.NotWitnessed();
    }

    private bool WithholdsAnswers(ServerState now) =>
        _needsReceipts && (now.Receipts is { CanStore: false } || now.Witnesses is { CanWitness: false });

    private OpenAIException NotReady(EngineState state)
    {
        (string name, string? detail) = Describe(state);
        return new OpenAIException(
            StatusCodes.Status503ServiceUnavailable,
            "server_error",
            $"The engine is {name}: {detail}",
            code: "backend_unavailable"
        )
        {
            RetryAfter = RetryAfter(state),
        };
    }

    /// <summary>Value of Retry-After, in seconds: a restart delay postpones the next attempt.</summary>
    public string RetryAfter(EngineState state) =>
        state is EngineState.Restarting { Next: var next }
        && (next - time.GetUtcNow()).TotalSeconds is > 5 and var seconds
            ? Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture)
            : OpenAIException.UsualRetryAfter;

    private (string Status, string? Detail) Describe(EngineState state)
    {
        (string status, string? detail) = DescribeFully(state);
        return (status, detail is null ? null : ClientText.WithoutPaths(detail));
    }

    private (string Status, string? Detail) DescribeFully(EngineState state) =>
        state switch
        {
            EngineState.Ready ready => ("ready", ready.Detail),
            EngineState.Starting starting => ("starting", starting.Detail),
            EngineState.Unhealthy unhealthy => ("unhealthy", unhealthy.Detail),
            EngineState.Restarting restarting => (
                "restarting",
                $"{restarting.Reason} Start {restarting.Attempt} follows in "
                    + $"{Math.Max(0, (restarting.Next - time.GetUtcNow()).TotalSeconds):F0} s."
            ),
            // The engine's last lines stay in the log: they may quote a prompt.
            EngineState.Failed failed => ("failed", failed.Reason),
            EngineState.Stopping => ("stopping", "the server is shutting down"),
            _ => throw new InvalidOperationException($"Unknown state {state}."),
        };
}
