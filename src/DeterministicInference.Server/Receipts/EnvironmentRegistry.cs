using System.Collections.Concurrent;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Receipts;

/// <summary>The environment in which answers are computed at present, and those before it. The supervisor is the only writer.</summary>
/// <param name="store">Keeps the documents for ever; null without receipts, where they are kept as long as the server runs.</param>
internal sealed class EnvironmentRegistry(ReceiptStore? store)
{
    private readonly ConcurrentDictionary<Sha256Value, byte[]> _documents = new();
    private volatile InferenceEnvironment? _current;

    /// <summary>Null until the engine has been ready for the first time.</summary>
    public InferenceEnvironment? Current => _current;

    /// <summary>From now on answers are computed in it. It is on disk before the first receipt that names it.</summary>
    /// <returns>False where it could not be stored; then nothing has changed.</returns>
    public async Task<bool> PublishAsync(InferenceEnvironment environment, CancellationToken cancellation)
    {
        if (store is not null && !await store.PutEnvironmentAsync(environment, cancellation)) return false;
        _documents[environment.Id] = EnvironmentDocument.Write(environment);
        _current = environment;
        return true;
    }

    /// <summary>The document of an environment; null where it is not known.</summary>
    public async Task<byte[]?> FindAsync(Sha256Value id, CancellationToken cancellation) =>
        _documents.TryGetValue(id, out byte[]? known) ? known : store is null ? null : await store.FindEnvironmentAsync(id, cancellation);
}
