using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The current environment of answers, and earlier ones. The supervisor is the only writer.</summary>
/// <param name="store">Stores the documents permanently; null without receipts, where they are kept in memory.</param>
internal sealed class EnvironmentRegistry(ReceiptStore? store)
{
    /// <summary>Beginning of reasons that follow from declared facts.</summary>
    private const string DeclaredPrefix = "declared_fact:";

    private readonly ConcurrentDictionary<Sha256Value, byte[]> _documents = new();
    private readonly ConditionalWeakTable<InferenceEnvironment, InferenceEnvironment> _doubted = [];
    private volatile InferenceEnvironment? _current;

    /// <summary>The current environment; null until the engine has been ready for the first time.</summary>
    public InferenceEnvironment? Current => _current;

    /// <summary>Makes an environment the current one. It is on disk before the first receipt that names it.</summary>
    /// <returns>False if it could not be stored; the current environment is unchanged then.</returns>
    public async Task<bool> PublishAsync(InferenceEnvironment environment, CancellationToken cancellation)
    {
        if (!await StoreAsync(environment, cancellation))
            return false;
        _current = environment;
        return true;
    }

    /// <summary>
    /// Has the receipts of answers that are computed in an environment name another one, without the model's digest and
    /// with the reason that the weights have changed. The same facts may be published anew later. Thread-safe.
    /// </summary>
    /// <returns>False if it could not be stored.</returns>
    public async Task<bool> DoubtAsync(InferenceEnvironment environment, CancellationToken cancellation)
    {
        if (_doubted.TryGetValue(environment, out _))
            return true;
        var doubted = new InferenceEnvironment(
            environment.Facts.Where(fact => fact.Key != ModelFact.Digest),
            [.. Given(environment.Reasons), ModelFact.Changed]
        );
        if (!await StoreAsync(doubted, cancellation))
            return false;
        _doubted.AddOrUpdate(environment, doubted);
        return true;
    }

    /// <summary>
    /// Ends the doubt about the current environment. Answers that were begun before stay in doubt.
    /// </summary>
    /// <returns>False if it could not be stored.</returns>
    public async Task<bool> RestoreAsync(CancellationToken cancellation) =>
        _current is not { } current
        || await PublishAsync(new InferenceEnvironment(current.Facts, Given(current.Reasons)), cancellation);

    /// <summary>The environment that the receipt of an answer names.</summary>
    /// <param name="environment">The environment when it was begun.</param>
    public InferenceEnvironment AtEnd(InferenceEnvironment environment) =>
        _doubted.TryGetValue(environment, out InferenceEnvironment? doubted) ? doubted : environment;

    /// <summary>The reasons without those that follow from the facts.</summary>
    private static IEnumerable<string> Given(IEnumerable<string> reasons) =>
        reasons.Where(reason => !reason.StartsWith(DeclaredPrefix, StringComparison.Ordinal));

    private async Task<bool> StoreAsync(InferenceEnvironment environment, CancellationToken cancellation)
    {
        if (store is not null && !await store.PutEnvironmentAsync(environment, cancellation))
            return false;
        _documents[environment.Id] = EnvironmentDocument.Write(environment);
        return true;
    }

    /// <summary>Looks up the document of an environment.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public async Task<EnvironmentLookup> FindAsync(Sha256Value id, CancellationToken cancellation) =>
        _documents.TryGetValue(id, out byte[]? known) ? new EnvironmentLookup(known)
        : store is null ? default
        : await store.FindEnvironmentAsync(id, source: null, cancellation);
}
