namespace DeterministicInference.Server.Configuration;

/// <summary>The lines of a file with keys, or why they can't be had.</summary>
/// <param name="Lines">The lines; null if the file can't be read.</param>
/// <param name="Complaint">Why not: continues the sentence "'path' …".</param>
/// <param name="Warning">What is wrong with a file that can be read, in the same form.</param>
internal sealed record KeyFile(IReadOnlyList<string>? Lines, string? Complaint, string? Warning)
{
    /// <param name="path">The file.</param>
    /// <param name="content">What it should have, for the remedy.</param>
    public static KeyFile Read(string path, string content)
    {
        if (Directory.Exists(path))
            return Unreadable($"is a folder. Give the path of a file with {content}.");
        try
        {
            string[] lines = File.ReadAllLines(path);
            bool isOpen = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0;
            return new KeyFile(
                lines,
                null,
                isOpen ? "is readable by every user of this machine. Restrict it: chmod o-rwx." : null
            );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Unreadable($"does not exist. Create it with {content}, or give another path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unreadable("can't be read. Make it readable for the user that runs the server.");
        }
    }

    private static KeyFile Unreadable(string complaint) => new(null, complaint, null);
}
