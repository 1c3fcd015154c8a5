using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Receipts;

/// <summary>The document of an environment on its way into the store.</summary>
internal sealed class PendingEnvironment(InferenceEnvironment environment) : PendingWrite
{
    public override bool Write(LogTransaction transaction)
    {
        transaction.Put(environment);
        return true;
    }
}
