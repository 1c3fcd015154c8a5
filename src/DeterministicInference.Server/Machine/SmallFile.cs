using DeterministicInference.Receipts;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Machine;

/// <summary>Hashes files that are settings, at once.</summary>
internal static class SmallFile
{
    /// <summary>A larger file is no setting; models are measured as such.</summary>
    private const long Largest = 64 << 20;

    /// <summary>
    /// The hash of a file. It is opened only if it is a regular one: a pipe's content would be lost to the engine.
    /// </summary>
    /// <returns>Null for a folder, a large file, and one that can't be read.</returns>
    public static Sha256Value? HashOf(string name)
    {
        try
        {
            var file = new FileInfo(name);
            return file.Exists && file.Length <= Largest && FileKinds.Of(name) is null or FileKind.Regular
                ? Sha256Value.Of(File.ReadAllBytes(name))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
