using System.Net.Sockets;
using DeterministicInference.Engine.Model;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Supervision;
using DeterministicInference.Server.Verification;
using Microsoft.AspNetCore.Connections;

namespace DeterministicInference.Server.Cli;

/// <summary>Reports failures that a user can repair, in one line on standard error.</summary>
internal static class CommandErrors
{
    /// <param name="run">The command.</param>
    /// <param name="portFlag">The command's flag for the port it listens on.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> ReportAsync(Func<Task<int>> run, string portFlag = "--port")
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is InputException or EvidenceException)
        {
            Console.Error.WriteLine($"error: {OneLine.Of(e.Message)}");
            return ExitCode.Usage;
        }
        catch (StartException e)
        {
            foreach (string problem in e.Problems)
                Failed(problem);
            return ExitCode.Failure;
        }
        catch (ModelLoadException e)
        {
            return Failed(e.Message);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            return Failed($"{e.Message.TrimEnd('.')}. Stop the other program, or choose another {portFlag}.");
        }
        // The web server wraps some of these errors in an IOException.
        catch (Exception e)
            when (e is SocketException or IOException && (e as SocketException ?? e.InnerException) is SocketException)
        {
            string hostFlag = portFlag.Replace("port", "host", StringComparison.Ordinal);
            string flags = hostFlag == portFlag ? portFlag : $"{hostFlag} or {portFlag}";
            return Failed($"Failed to listen: {(e.InnerException ?? e).Message}. Choose another {flags}.");
        }
        catch (UnauthorizedAccessException e)
        {
            return Failed(
                $"{e.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Give the user that runs this program access to it."
            );
        }
        catch (IOException e)
        {
            return Failed(e.Message.ReplaceLineEndings(" "));
        }
        catch (TypeInitializationException e) when (e.InnerException is DllNotFoundException)
        {
            return Failed(
                "a library of this program is missing, libe_sqlite3.so most likely. The program's folder must stay "
                    + "together: copy all of it, or link to the program where it is."
            );
        }
        catch (OperationCanceledException)
        {
            return Failed("stopped before it was ready.");
        }
    }

    private static int Failed(string message)
    {
        Console.Error.WriteLine($"error: {OneLine.Of(message)}");
        return ExitCode.Failure;
    }
}
