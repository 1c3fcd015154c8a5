using System.Globalization;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// Files in the working directory, named without a folder and without an ending. They are removed when the tests end.
/// </summary>
internal static class RelativeFile
{
    static RelativeFile() =>
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (string name in Names)
            {
                if (Directory.Exists(name))
                    Directory.Delete(name, recursive: true);
                else
                    File.Delete(name);
            }
        };

    private static readonly List<string> Names = [];
    private static int _count;

    /// <summary>Writes a file.</summary>
    /// <returns>Its name.</returns>
    public static string Write(string name, string content)
    {
        string file = Named(name);
        File.WriteAllText(file, content);
        return file;
    }

    /// <summary>Makes an empty folder.</summary>
    /// <returns>Its name.</returns>
    public static string NewFolder(string name)
    {
        string folder = Named(name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    private static string Named(string name)
    {
        string unique = string.Create(
            CultureInfo.InvariantCulture,
            $"{name}{Environment.ProcessId}n{Interlocked.Increment(ref _count)}"
        );
        lock (Names)
            Names.Add(unique);
        return unique;
    }
}
