using System.Diagnostics;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Programs of this machine.</summary>
internal static class InstalledProgram
{
    public static bool Exists(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, name)));

    /// <summary>Runs one to its end.</summary>
    public static async Task<CommandResult> RunAsync(string file, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().Within();
            return new CommandResult(process.ExitCode, await output.Within(), await error.Within());
        }
        finally
        {
            // Of no effect on one that has ended.
            process.Kill(entireProcessTree: true);
        }
    }
}
