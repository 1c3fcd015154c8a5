using DeterministicInference.Server.Tests.Documentation;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>Inputs of earlier defects and edge cases, from which mutations start.</summary>
internal static class Corpus
{
    /// <summary>Request bodies.</summary>
    public static IReadOnlyList<byte[]> Requests { get; } = Read("request-*");

    /// <summary>Streams of server-sent events.</summary>
    public static IReadOnlyList<byte[]> Streams { get; } = Read("stream-*");

    /// <summary>Whole requests, heads included.</summary>
    public static IReadOnlyList<byte[]> Heads { get; } = Read("head-*");

    private static byte[][] Read(string pattern)
    {
        string folder = Path.Combine(
            RepositoryFiles.Root,
            "tests/DeterministicInference.Server.Tests/EndToEnd/Fuzz/Corpus"
        );
        return [.. Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }
}
