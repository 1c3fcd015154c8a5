namespace DeterministicInference.Server.Hosting;

/// <summary>The routes that orchestrators and load balancers ask all the time.</summary>
internal static class Probes
{
    public static bool Include(PathString path) => path.Value is "/health" or "/livez" or "/readyz";
}
