using System.Text.Json;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>What the server says about the engine, from memory: it never waits for the engine.</summary>
internal static class HealthReport
{
    /// <summary>Seconds after which it may be worth asking again.</summary>
    public const string RetryAfter = "5";

    /// <summary>The body of <c>/health</c>.</summary>
    public static void Write(Utf8JsonWriter json, BackendState state, Uri address)
    {
        (string status, string? detail) = Describe(state);
        bool isReady = state is BackendState.Ready;
        json.WriteStartObject();
        json.WriteString("status", isReady ? "healthy" : status);
        json.WriteStartObject("backend");
        json.WriteString("status", status);
        json.WriteBoolean("healthy", isReady);
        json.WriteString("url", BackendAddress.Shown(state is BackendState.Ready ready ? ready.Url : address));
        if (detail is not null) json.WriteString("detail", detail);
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
    public static OpenAIException NotReady(BackendState state)
    {
        (string status, string? detail) = Describe(state);
        return new OpenAIException(StatusCodes.Status503ServiceUnavailable, "server_error", $"The backend is {status}: {detail}", code: "backend_unavailable")
        {
            RetryAfter = RetryAfter,
        };
    }

    private static (string Status, string? Detail) Describe(BackendState state) => state switch
    {
        BackendState.Ready => ("ready", null),
        BackendState.Starting starting => ("starting", starting.Detail),
        BackendState.Unhealthy unhealthy => ("unhealthy", unhealthy.Detail),
        // The engine's last lines stay in the log: they may quote a prompt.
        BackendState.Failed failed => ("unhealthy", failed.Reason),
        BackendState.Restarting restarting => ("restarting", $"{restarting.Reason} Start {restarting.Attempt} follows."),
        BackendState.Stopping => ("stopping", "the server is shutting down"),
        _ => throw new InvalidOperationException($"Unknown state {state}."),
    };
}
