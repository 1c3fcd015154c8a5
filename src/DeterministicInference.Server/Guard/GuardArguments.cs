using System.Globalization;

namespace DeterministicInference.Server.Guard;

/// <summary>The command line of the hidden <c>guard</c> mode.</summary>
/// <param name="Role">Which of the two guards this is.</param>
/// <param name="Grace">How long the engine may take to end after SIGTERM where the server gives no other time.</param>
/// <param name="StateFile">Deleted once nothing is left; see <see cref="GuardState"/>.</param>
/// <param name="ReportDescriptor">A pipe to the server; see <see cref="GuardReport"/>.</param>
/// <param name="Command">Command to start: executable and arguments.</param>
internal sealed record GuardArguments(
    GuardRole Role,
    TimeSpan Grace,
    string StateFile,
    int ReportDescriptor,
    IReadOnlyList<string> Command
)
{
    public const string Mode = "guard";

    /// <summary>The arguments after the program's name.</summary>
    public IReadOnlyList<string> ToCommandLine() =>
        [
            Mode,
            Role == GuardRole.Outer ? "outer" : "inner",
            ((long)Grace.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
            StateFile,
            ReportDescriptor.ToString(CultureInfo.InvariantCulture),
            "--",
            .. Command,
        ];

    /// <summary>Parses the result of <see cref="ToCommandLine"/>; null for anything else.</summary>
    public static GuardArguments? Parse(string[] args) =>
        args is [Mode, "outer" or "inner", var grace, { Length: > 0 } stateFile, var report, "--", _, ..]
        && long.TryParse(grace, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds)
        && milliseconds <= int.MaxValue
        && int.TryParse(report, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor)
            ? new GuardArguments(
                args[1] == "outer" ? GuardRole.Outer : GuardRole.Inner,
                TimeSpan.FromMilliseconds(milliseconds),
                stateFile,
                descriptor,
                args[6..]
            )
            : null;
}
