using System.Net;
using System.Net.Sockets;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Finds what prevents a start before anything is started, each problem in one line with its remedy.
/// </summary>
/// <param name="options">Settings without problems.</param>
/// <param name="time">The clock.</param>
internal sealed class StartCheck(ServeOptions options, TimeProvider time)
{
    /// <summary>What the server itself needs: its port, and the folder of its receipts.</summary>
    public IReadOnlyList<string> FindProblems() => [.. new[] { ProxyPort(), DataFolder() }.OfType<string>()];

    /// <summary>What the engine needs.</summary>
    /// <param name="assessment">The assessment of it.</param>
    /// <param name="cancellation">Cancels the checks.</param>
    public async Task<IReadOnlyList<string>> FindProblemsAsync(
        EngineAssessment assessment,
        CancellationToken cancellation
    )
    {
        IEnumerable<string> refusals = assessment
            .Findings.Where(finding => finding.Kind == FindingKind.Refused)
            .Select(finding => finding.Text);
        // An engine whose address nobody names takes another port where its own is taken.
        string? port =
            options.BackendUrl is null && options.IsBackendAddressGiven && !HasLeftovers()
                ? await EnginePort.FindProblemAsync(options.BackendHost, options.BackendPort, time, cancellation)
                : null;
        return port is null ? [.. refusals] : [.. refusals, $"--backend-port: {port}"];
    }

    /// <summary>
    /// Whether an earlier server may have left an engine behind, which may hold the port: the start ends it first.
    /// </summary>
    private bool HasLeftovers()
    {
        string folder = StatePaths.Engines(options.DataDir);
        return Directory.Exists(folder)
            && Directory
                .EnumerateFiles(folder, "*" + GuardState.Extension)
                .Any(path => GuardState.Read(path) is { Server.IsRunning: false });
    }

    private string? ProxyPort()
    {
        foreach (
            IPAddress address in options.ProxyHost == "localhost"
                ? (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback]
                : [IPAddress.Parse(options.ProxyHost)]
        )
        {
            string shown = new IPEndPoint(address, options.ProxyPort).ToString();
            switch (EnginePort.TryBind(address, options.ProxyPort, ProtocolType.Tcp))
            {
                case SocketError.AddressAlreadyInUse:
                    return $"--proxy-port: {shown} is in use{PortHolder.Describe(address, options.ProxyPort)}. "
                        + "Stop the other program, or choose another --proxy-port; 0 picks a free one.";
                case SocketError.AccessDenied:
                    return $"--proxy-port: this user may not listen on {shown}. Choose a --proxy-port of 1024 or more.";
                // localhost is served on the address that the machine has.
                case SocketError.AddressNotAvailable when options.ProxyHost != "localhost":
                    return $"--proxy-host: this machine does not have the address {address}. Give one that it has, "
                        + "localhost, or 0.0.0.0 for all.";
            }
        }
        return null;
    }

    private string? DataFolder() =>
        options.HasReceipts ? ReceiptDirectory.FindProblem(options.DataDir ?? StatePaths.Receipts) : null;
}
