namespace DeterministicInference.Server.Engines;

/// <summary>How this program is started again, as a guard or as the embedded engine.</summary>
internal static class OwnProgram
{
    /// <summary>
    /// The executable, and arguments before all others: an apphost, a native executable and the shim of a dotnet tool
    /// start themselves; <c>dotnet program.dll</c> runs in the dotnet host, which needs the path of the .dll again.
    /// </summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            string host =
                Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
            return Path.GetFileNameWithoutExtension(host) == "dotnet"
                ? [host, Path.GetFullPath(Environment.GetCommandLineArgs()[0])]
                : [host];
        }
    }
}
