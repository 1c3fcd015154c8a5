namespace DeterministicInference.FakeBackend;

/// <summary>A route that answers with the state of the process.</summary>
internal static class HealthRoute
{
    /// <param name="context">The request.</param>
    /// <param name="state">The state.</param>
    /// <param name="from">The smallest obstruction that holds it up.</param>
    /// <param name="ready">The body of status 200; null is none.</param>
    /// <param name="unhealthy">The body of any other status; null is none.</param>
    public static async Task AnswerAsync(
        HttpContext context,
        BackendState state,
        Obstruction from,
        string? ready = null,
        string? unhealthy = null
    )
    {
        await Task.Delay(state.HealthDelay, context.RequestAborted);
        // A delay may outlast the beginning of an obstruction.
        await state.PassAsync(context, from);
        int status = state.HealthStatus;
        context.Response.StatusCode = status;
        if ((status == StatusCodes.Status200OK ? ready : unhealthy) is not { } body)
            return;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body, context.RequestAborted);
    }
}
