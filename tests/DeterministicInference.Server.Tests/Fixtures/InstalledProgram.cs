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
    public static Task<CommandResult> RunAsync(string file, params IEnumerable<string> arguments) =>
        RunAsync(file, null, [], arguments);

    /// <summary>Runs one to its end with this on its standard input.</summary>
    public static Task<CommandResult> RunWithInputAsync(
        string file,
        string input,
        params IEnumerable<string> arguments
    ) => RunAsync(file, input, [], arguments);

    /// <summary>Runs lines of bash in a folder, with variables on top of the tests' own.</summary>
    public static Task<CommandResult> RunBashAsync(
        string script,
        string folder,
        params IEnumerable<(string Name, string Value)> environment
    ) => RunAsync("bash", $"cd '{folder}'\n{script}\n", environment, ["-s"]);

    private static async Task<CommandResult> RunAsync(
        string file,
        string? input,
        IEnumerable<(string Name, string Value)> environment,
        IEnumerable<string> arguments
    )
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = input is not null,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            error = process.StandardError.ReadToEndAsync();
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input);
                process.StandardInput.Close();
            }
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
