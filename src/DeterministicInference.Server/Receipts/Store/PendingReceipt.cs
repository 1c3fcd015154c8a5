using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A receipt that waits to be stored.</summary>
internal sealed class PendingReceipt(NewReceipt receipt) : PendingWrite
{
    private long _index = -1;

    /// <summary>The proof that the log has sealed it; valid once the write is done.</summary>
    public TlogProof? Proof { get; private set; }

    public override bool Write(LogRows rows)
    {
        if (rows.Append(receipt) is not { } index)
            return false;
        _index = index;
        return true;
    }

    public override void Prove(MerkleTree tree, string checkpoint)
    {
        if (_index >= 0)
            Proof = new TlogProof(_index, tree.Inclusion(_index), checkpoint);
    }
}
