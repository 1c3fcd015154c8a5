namespace DeterministicInference.Receipts.Models;

/// <summary>
/// Answers the SHA-256 of one file of a model: from what is known of it, so that a file that did not change need not be read again, or by
/// reading it. Whoever answers from memory vouches that the file is the same. Called from several threads at a time.
/// </summary>
/// <param name="path">The file; links in it are not resolved.</param>
/// <param name="read">Reads and hashes the file; throws what <see cref="ModelDigest.ComputeAsync(string, int, IProgress{ModelDigestProgress}?, CancellationToken)"/> throws.</param>
public delegate ValueTask<Sha256Value> ModelFileHash(string path, Func<ValueTask<Sha256Value>> read);
