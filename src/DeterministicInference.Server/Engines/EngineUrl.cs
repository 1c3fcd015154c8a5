namespace DeterministicInference.Server.Engines;

/// <summary>Builds URLs below the engine's address, which may have a path.</summary>
internal static class EngineUrl
{
    public static Uri Combine(Uri engine, string path) => new(ToDisplay(engine) + path);

    /// <summary>
    /// The URL of an engine that listens on an address: loopback for a wildcard address, and brackets for IPv6.
    /// </summary>
    public static Uri OfListener(string host, int port) =>
        new(
            host switch
            {
                "0.0.0.0" => $"http://127.0.0.1:{port}",
                "::" => $"http://[::1]:{port}",
                _ when host.Contains(':', StringComparison.Ordinal) => $"http://[{host}]:{port}",
                _ => $"http://{host}:{port}",
            }
        );

    /// <summary>The address for display: without a trailing slash, user name and password.</summary>
    public static string ToDisplay(Uri engine) =>
        engine.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
}
