using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>An environment that waits to be stored.</summary>
internal sealed class PendingEnvironment(InferenceEnvironment environment) : PendingWrite
{
    public override bool Write(LogRows rows)
    {
        rows.Put(environment);
        return true;
    }
}
