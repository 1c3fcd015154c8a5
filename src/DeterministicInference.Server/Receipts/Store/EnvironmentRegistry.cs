using System.Collections.Concurrent;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The current environment of answers, and earlier ones. The supervisor is the only writer.</summary>
/// <param name="store">Stores the documents permanently; null without receipts, where they are kept in memory.</param>
internal sealed class EnvironmentRegistry(ReceiptStore? store)
{
    private readonly ConcurrentDictionary<Sha256Value, byte[]> _documents = new();
    private volatile InferenceEnvironment? _current;

    /// <summary>The current environment; null until the engine has been ready for the first time.</summary>
    public InferenceEnvironment? Current => _current;

    /// <summary>Makes an environment the current one. It is on disk before the first receipt that names it.</summary>
    /// <returns>False if it could not be stored; the current environment is unchanged then.</returns>
    public async Task<bool> PublishAsync(InferenceEnvironment environment, CancellationToken cancellation)
    {
        if (store is not null && !await store.PutEnvironmentAsync(environment, cancellation))
            return false;
        _documents[environment.Id] = EnvironmentDocument.Write(environment);
        _current = environment;
        return true;
    }

    /// <summary>Looks up the document of an environment.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public async Task<EnvironmentLookup> FindAsync(Sha256Value id, CancellationToken cancellation) =>
        _documents.TryGetValue(id, out byte[]? known) ? new EnvironmentLookup(known)
        : store is null ? default
        : await store.FindEnvironmentAsync(id, source: null, cancellation);
}
