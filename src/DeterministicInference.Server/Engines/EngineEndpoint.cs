using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines;

/// <summary>Where an engine listens, and the keys that a launched one requires.</summary>
/// <param name="Host">Address that it binds; without meaning for a socket.</param>
/// <param name="Port">Port that it binds; without meaning for a socket.</param>
internal sealed record EngineEndpoint(string Host, int Port)
{
    /// <summary>Unix socket on which it listens instead of host and port; null for none.</summary>
    public string? SocketPath { get; init; }

    /// <summary>
    /// Folder that only this user can enter, for the socket and for files with keys; null where there is none.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>Key that the engine is to require of every request; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>Key of the routes that change the engine, which nobody is told; null for none.</summary>
    public string? AdminKey { get; init; }

    /// <summary>The URL of its root. For a socket the name is that of the Host header only.</summary>
    public Uri Url
    {
        get => field ?? (SocketPath is null ? EngineUrl.OfListener(Host, Port) : new Uri("http://localhost/"));
        private init;
    }

    /// <summary>The address as reports show it.</summary>
    public string Display => SocketPath is null ? EngineUrl.ToDisplay(Url) : $"unix:{SocketPath}";

    /// <summary>An engine that another program has started.</summary>
    public static EngineEndpoint Of(Uri url) => new(url.Host, url.Port) { Url = url };

    /// <summary>The address of the settings, without keys.</summary>
    public static EngineEndpoint Of(ServeOptions options) => new(options.BackendHost, options.BackendPort);
}
