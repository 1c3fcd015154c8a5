using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Chooses where a launched engine listens, so that neither another user nor a web page passes by the gateway: on a
/// Unix socket where the engine has one, else on a port, with random keys where it takes them. An engine answers every
/// origin, so that without them any page in a browser of this machine could call its routes.
/// </summary>
/// <param name="first">Where it listens at first.</param>
/// <param name="isFixed">Whether it may listen nowhere else.</param>
internal sealed class EngineEndpointChoice(EngineEndpoint first, bool isFixed)
{
    /// <summary>The folder in command lines that are only shown.</summary>
    private const string AnyFolder = "FOLDER";

    /// <summary>Where the engine listens, or will.</summary>
    public EngineEndpoint Current { get; private set; } = first;

    /// <summary>Whether another port may be tried.</summary>
    public bool IsFixed => isFixed || Current.SocketPath is not null;

    /// <summary>The choice of a server.</summary>
    /// <param name="launcher">Launches the engine; null for one that is attached to.</param>
    /// <param name="options">Settings.</param>
    /// <param name="keys">Keys of the settings.</param>
    /// <param name="variables">The variables that the engine inherits.</param>
    public static EngineEndpointChoice Make(
        IEngineLauncher? launcher,
        ServeOptions options,
        ServeKeys keys,
        IReadOnlyDictionary<string, string> variables
    )
    {
        if (options.BackendUrl is { } url)
            return new EngineEndpointChoice(EngineEndpoint.Of(url), isFixed: true);
        string? folder = OperatingSystem.IsLinux() ? EngineFolder.Choose() : null;
        return new EngineEndpointChoice(
            Endpoint(launcher!, options, keys, variables, folder, RandomKey),
            options.IsBackendAddressGiven
        );
    }

    /// <summary>The same choice with names in the place of what is drawn, for a command line that is shown.</summary>
    public static EngineEndpoint Describe(
        IEngineLauncher launcher,
        ServeOptions options,
        ServeKeys keys,
        IReadOnlyDictionary<string, string> variables
    ) => Endpoint(launcher, options, keys, variables, AnyFolder, () => SecretArguments.Mask);

    /// <summary>Takes another port where somebody has the present one, if that is allowed.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Cancels the checks.</param>
    /// <returns>Who has the former port, as <see cref="PortHolder"/> says it; null if nothing has changed.</returns>
    /// <exception cref="EngineFailureException">The port is taken, and the engine may have no other.</exception>
    public async Task<string?> RequireFreeAsync(TimeProvider time, CancellationToken cancellation)
    {
        if (Current.SocketPath is not null)
            return null;
        if (await EnginePort.FindProblemAsync(Current.Host, Current.Port, time, cancellation) is not { } problem)
            return null;
        if (IsFixed)
            throw new EngineFailureException(problem);
        string holder = PortHolder.Describe(IPAddress.Parse(Current.Host), Current.Port);
        Move();
        return holder;
    }

    /// <summary>Takes a port that is free now.</summary>
    public void Move()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Current.Host), 0));
        Current = Current with { Port = ((IPEndPoint)socket.LocalEndPoint!).Port };
    }

    private static EngineEndpoint Endpoint(
        IEngineLauncher launcher,
        ServeOptions options,
        ServeKeys keys,
        IReadOnlyDictionary<string, string> variables,
        string? folder,
        Func<string> draw
    )
    {
        var address = EngineEndpoint.Of(options) with { Folder = folder };
        if (folder is not null && launcher.HasSocket && !options.IsBackendAddressGiven)
            return address with { SocketPath = Path.Combine(folder, EngineFolder.SocketName) };
        if (!launcher.TakesKey)
            return address;
        // A key of the user's own is left to the engine's arguments; what --backend-api-key says is then sent as ever.
        bool hasOwn = launcher.IsKeyGiven(new EngineCommandLine(options.BackendArguments), variables);
        return address with { Key = hasOwn ? null : keys.Engine ?? draw(), AdminKey = draw() };
    }

    private static string RandomKey() => RandomNumberGenerator.GetHexString(64, lowercase: true);
}
