namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The result of looking up the document of an environment, of which several logs may have a copy.</summary>
/// <param name="Document">An intact copy; null if there is none.</param>
/// <param name="Damage">What is wrong with another copy, as a clause; null for nothing.</param>
internal readonly record struct EnvironmentLookup(byte[]? Document, string? Damage = null)
{
    /// <summary>Looks in one log after the other, until one has an intact copy.</summary>
    public static async Task<EnvironmentLookup> OfAsync(
        IEnumerable<ReceiptReader> logs,
        Func<ReceiptReader, Task<byte[]?>> find
    )
    {
        string? damage = null;
        foreach (ReceiptReader log in logs)
        {
            try
            {
                if (await find(log) is { } document)
                    return new EnvironmentLookup(document, damage);
            }
            catch (InvalidDataException e)
            {
                damage ??= e.Message;
            }
        }
        return new EnvironmentLookup(null, damage);
    }
}
