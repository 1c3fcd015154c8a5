using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The result of a command.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A build of the server as an executable.</summary>
/// <param name="File">What is started.</param>
/// <param name="Leading">Arguments before the server's own.</param>
internal sealed record ServerProgram(string File, IReadOnlyList<string> Leading)
{
    /// <summary>The build beside the tests, run by the runtime that runs the tests.</summary>
    public static ServerProgram Built { get; } =
        new(
            Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"),
            [Path.Combine(AppContext.BaseDirectory, "deterministic-inference-server.dll")]
        );

    /// <summary>The published native executable, if DIS_AOT_BINARY names one.</summary>
    public static ServerProgram? Native { get; } =
        Environment.GetEnvironmentVariable("DIS_AOT_BINARY") is { Length: > 0 } path ? new(path, []) : null;

    /// <summary>A linux-arm64 build, if DIS_ARM64_COMMAND says how to run it.</summary>
    public static ServerProgram? Arm64 { get; } =
        Environment.GetEnvironmentVariable("DIS_ARM64_COMMAND")?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            is [var file, .. var leading]
            ? new(file, leading)
            : null;

    /// <summary>Starts it with pipes for standard input, output and errors.</summary>
    /// <param name="arguments">The server's arguments.</param>
    /// <param name="environment">Variables on top of the tests' own.</param>
    public Process Start(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(File, [.. Leading, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs a command to its end.</summary>
    public async Task<CommandResult> RunAsync(
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> environment
    )
    {
        using Process process = Start(arguments, environment);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(),
                error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().Within();
            return new CommandResult(process.ExitCode, await output.Within(), await error.Within());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
