namespace DeterministicInference.Server.Engines;

/// <summary>Builds URLs of the engine, whose address has neither path nor user.</summary>
internal static class EngineUrl
{
    public static Uri Combine(Uri engine, string path) => new(engine, path);

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

    /// <summary>The address as <c>--backend-url</c> has it: without a trailing slash.</summary>
    public static string ToDisplay(Uri engine) => engine.GetLeftPart(UriPartial.Authority);
}
