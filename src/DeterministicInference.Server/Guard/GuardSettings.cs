using System.Security.Cryptography;
using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Guard;

/// <summary>Settings for guarding an engine.</summary>
/// <param name="GuardStateDirectory">
/// Folder of the state file, accessible to this user only and the same at every start.
/// </param>
internal sealed record GuardSettings(string GuardStateDirectory)
{
    /// <summary>
    /// How long the engine may take to end after SIGTERM where the server can't say, as it was killed or is gone.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How much longer than the grace the guards may take before they count as stuck and are killed too.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Tag of the engine's processes: 32 hexadecimal digits, never used twice.</summary>
    public string Tag { get; init; } = NewTag();

    /// <summary>The engine's <see cref="EngineFolder"/>, made with the launch's files; null for none.</summary>
    public string? EngineFolder { get; init; }

    /// <summary>The program with the guard mode, and arguments before the guard's own.</summary>
    public IReadOnlyList<string> Program { get; init; } = OwnProgram.Command;

    /// <summary>Creates a new tag.</summary>
    public static string NewTag() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
