namespace DeterministicInference.Server.Configuration;

/// <summary>All keys of the settings, read once: the clients' keys, the engine's key, and problems with them.</summary>
internal sealed class ServeKeys
{
    private readonly ApiKeySettings _clients;
    private readonly EngineKey _engine;

    private ServeKeys(ApiKeySettings clients, EngineKey engine) => (_clients, _engine) = (clients, engine);

    /// <summary>Keys of which a client must present one.</summary>
    public IReadOnlyList<ApiKey> Clients => _clients.Keys;

    /// <summary>The key that is sent to the engine as a bearer token; null where it requires none.</summary>
    public string? Engine => _engine.Key;

    /// <summary>The text of every key, usable or not, which no log may show.</summary>
    public IReadOnlyList<string> Secrets => [.. _clients.Secrets, .. _engine.Key is { } key ? (string[])[key] : []];

    /// <inheritdoc cref="ApiKeySettings.Problems"/>
    public IReadOnlyList<(string Setting, string Complaint)> Problems =>
        [.. _engine.Complaint is { } complaint ? ((string, string)[])[complaint] : [], .. _clients.Problems];

    /// <inheritdoc cref="ApiKeySettings.Warnings"/>
    public IReadOnlyList<(string Setting, string Complaint)> Warnings => [.. _clients.Warnings, .. _engine.Warnings];

    /// <summary>Reads the keys, from files too.</summary>
    public static ServeKeys Read(ServeOptions options) => new(ApiKeySettings.Read(options), EngineKey.Read(options));
}
