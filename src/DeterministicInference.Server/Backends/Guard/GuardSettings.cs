using System.Security.Cryptography;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>How an engine is guarded.</summary>
/// <param name="StateFolder">Where the state file lies; a folder of this user alone, the same one at every start.</param>
internal sealed record GuardSettings(string StateFolder)
{
    /// <summary>How long the engine may take to end after SIGTERM where the server can't say: it was killed, or is gone.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How much longer than the grace the guards may take before they count as stuck and are killed too.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>What marks the engine's processes as ours: 32 hexadecimal digits, never used twice.</summary>
    public string Tag { get; init; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>The program that has the guard mode, and what comes before its own arguments.</summary>
    public IReadOnlyList<string> Program { get; init; } = OwnProgram;

    /// <summary>This very program: an apphost, a native executable and the shim of a dotnet tool start themselves.</summary>
    private static IReadOnlyList<string> OwnProgram
    {
        get
        {
            string host = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
            return Path.GetFileNameWithoutExtension(host) == "dotnet" ? [host, Path.GetFullPath(Environment.GetCommandLineArgs()[0])] : [host];
        }
    }
}
