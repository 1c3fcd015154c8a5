using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Serve;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// A program that verifies receipts by the published formats alone. Of a folder it prints a line for each file, of the
/// form <c>NAME: VERDICT</c>, which a reason may follow behind another colon.
/// </summary>
/// <param name="Name">The language.</param>
/// <param name="Command">The program and its arguments for a folder and a file with the trusted key; null if the
/// machine lacks it.</param>
internal sealed record ReaderProgram(string Name, Func<string, string, Task<IReadOnlyList<string>?>> Command)
{
    /// <summary>A reader in another language is one row more.</summary>
    public static IReadOnlyList<ReaderProgram> All { get; } =
    [
        new(
            "node",
            (folder, key) =>
                Task.FromResult<IReadOnlyList<string>?>(
                    OwnerProcess.Find("node") is { } node ? [node, Sample("node", "verify.mjs"), folder, key] : null
                )
        ),
        new(
            "go",
            async (folder, key) =>
                await ReexecutorProgram.FindAsync() is { } program ? [program, "--key", key, folder] : null
        ),
    ];

    /// <summary>The verdict for each file.</summary>
    /// <exception cref="FormatException">A line has another form, or a file has two.</exception>
    public static Dictionary<string, string> Verdicts(string output)
    {
        var verdicts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(": ", 3);
            // The last line may count the verdicts.
            if (!parts[0].EndsWith(".json", StringComparison.Ordinal))
                continue;
            if (parts.Length < 2 || !verdicts.TryAdd(parts[0], parts[1]))
                throw new FormatException($"'{line}' is not 'NAME: VERDICT', or a second line of a file.");
        }
        return verdicts;
    }

    private static string Sample(string folder, string name) =>
        Path.Combine(RepositoryFiles.Root, "samples", folder, name);
}
