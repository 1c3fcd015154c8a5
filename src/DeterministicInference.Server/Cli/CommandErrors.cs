using DeterministicInference.Engine.Model;

namespace DeterministicInference.Server.Cli;

/// <summary>Turns the failures that a user can mend into one line on standard error.</summary>
internal static class CommandErrors
{
    public static async Task<int> ReportAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (ModelLoadException e)
        {
            return Failed(e.Message);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return Failed($"{e.Message.TrimEnd('.')}. Stop the other program, or choose another --port.");
        }
        catch (OperationCanceledException)
        {
            return Failed("stopped before it was ready.");
        }
    }

    private static int Failed(string message)
    {
        Console.Error.WriteLine($"error: {message}");
        return ExitCode.Failure;
    }
}
