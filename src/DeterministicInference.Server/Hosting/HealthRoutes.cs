namespace DeterministicInference.Server.Hosting;

/// <summary>The routes that orchestrators and load balancers poll.</summary>
internal static class HealthRoutes
{
    public static bool Contains(PathString path) => path.Value is "/health" or "/livez" or "/readyz";
}
