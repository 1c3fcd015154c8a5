namespace DeterministicInference.Server.Proxy;

/// <summary>Addresses below the engine's own, which may have a path.</summary>
internal static class BackendAddress
{
    public static Uri Of(Uri backend, string path) => new(Shown(backend) + path);

    /// <summary>As it is shown: without a slash at the end, and without a name and password.</summary>
    public static string Shown(Uri backend) => backend.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
}
