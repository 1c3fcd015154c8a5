using DeterministicInference.Receipts.Log;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class MerkleProofTests
{
    private static readonly int[] Sizes = [.. Enumerable.Range(1, 40), 255, 256, 257, 511, 513, 600];

    [Fact]
    public void Every_leaf_has_a_proof_that_holds_for_it_alone()
    {
        Leaves leaves = Leaves.Numbered(Sizes[^1]);
        foreach (int size in Sizes)
        {
            Sha256Value root = MerkleProof.Root(size, leaves.Read);
            for (int index = 0; index < size; index += size < 50 ? 1 : 37)
            {
                IReadOnlyList<Sha256Value> proof = MerkleProof.Inclusion(index, size, leaves.Read);
                Sha256Value leaf = leaves.Hashes[index];
                Assert.True(MerkleProof.VerifyInclusion(leaf, index, size, proof, root), $"{index} of {size}");
                Assert.False(MerkleProof.VerifyInclusion(MerkleHash.Empty, index, size, proof, root));
                Assert.False(MerkleProof.VerifyInclusion(leaf, index, size, [.. proof, root], root));
                Assert.False(MerkleProof.VerifyInclusion(leaf, -1, size, proof, root));
                Assert.False(MerkleProof.VerifyInclusion(leaf, size, size, proof, root));
                if (size > 1)
                {
                    Assert.False(MerkleProof.VerifyInclusion(root, index, size, proof, leaf));
                    Assert.False(MerkleProof.VerifyInclusion(leaf, index == 0 ? 1 : index - 1, size, proof, root));
                    Assert.False(MerkleProof.VerifyInclusion(leaf, index, size, [.. proof.Skip(1)], root));
                    Assert.All(
                        Enumerable.Range(0, proof.Count),
                        i => Assert.False(MerkleProof.VerifyInclusion(leaf, index, size, Changed(proof, i), root))
                    );
                }
            }
        }
    }

    [Fact]
    public void Every_tree_is_the_beginning_of_every_later_one_and_of_no_other()
    {
        Leaves leaves = Leaves.Numbered(Sizes[^1]);
        Dictionary<int, Sha256Value> roots = Sizes.ToDictionary(
            size => size,
            size => MerkleProof.Root(size, leaves.Read)
        );
        foreach (int to in Sizes)
        {
            foreach (int from in Sizes.Where(size => size <= to))
            {
                IReadOnlyList<Sha256Value> proof = MerkleProof.Consistency(from, to, leaves.Read);
                Assert.True(MerkleProof.VerifyConsistency(from, roots[from], to, roots[to], proof), $"{from} to {to}");
                Assert.False(MerkleProof.VerifyConsistency(from, MerkleHash.Empty, to, roots[to], proof));
                Assert.False(MerkleProof.VerifyConsistency(from, roots[from], to, MerkleHash.Empty, proof));
                Assert.False(MerkleProof.VerifyConsistency(from, roots[from], to, roots[to], [.. proof, roots[to]]));
                Assert.All(
                    Enumerable.Range(0, proof.Count),
                    i =>
                        Assert.False(MerkleProof.VerifyConsistency(from, roots[from], to, roots[to], Changed(proof, i)))
                );
                if (proof.Count > 0)
                    Assert.False(MerkleProof.VerifyConsistency(from, roots[from], to, roots[to], [.. proof.Skip(1)]));
            }
        }
    }

    [Fact]
    public void The_empty_tree_is_the_beginning_of_any_without_a_proof()
    {
        Leaves leaves = Leaves.Numbered(3);
        Assert.Empty(MerkleProof.Consistency(0, 3, leaves.Read));
        Assert.True(MerkleProof.VerifyConsistency(0, MerkleHash.Empty, 3, leaves.Tree.Root, []));
        Assert.False(MerkleProof.VerifyConsistency(0, leaves.Tree.Root, 3, leaves.Tree.Root, []));
        Assert.False(MerkleProof.VerifyConsistency(3, leaves.Tree.Root, 2, leaves.Tree.Root, []));
        Assert.False(MerkleProof.VerifyConsistency(-1, leaves.Tree.Root, 2, leaves.Tree.Root, []));
    }

    [Fact]
    public void Leaves_that_do_not_exist_and_tiles_that_are_missing_are_refused()
    {
        Leaves leaves = Leaves.Numbered(300);
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleProof.Inclusion(300, 300, leaves.Read));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleProof.Inclusion(-1, 300, leaves.Read));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleProof.Consistency(301, 300, leaves.Read));
        Assert.Throws<InvalidDataException>(() => MerkleProof.Inclusion(0, 301, leaves.Read));
        Assert.Throws<InvalidDataException>(() =>
            MerkleProof.Root(300, (level, index) => level == 1 ? default : leaves.Read(level, index))
        );
    }

    private static Sha256Value[] Changed(IReadOnlyList<Sha256Value> proof, int at)
    {
        Sha256Value[] changed = [.. proof];
        byte[] bytes = changed[at].ToArray();
        bytes[at % 32] ^= 1;
        changed[at] = new Sha256Value(bytes);
        return changed;
    }
}
