namespace DeterministicInference.Receipts.Models;

/// <summary>A file of a model.</summary>
/// <param name="Name">Path from the folder, with <c>/</c>.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Length">Bytes, before it was read.</param>
internal sealed record ModelFile(string Name, string Path, long Length);
