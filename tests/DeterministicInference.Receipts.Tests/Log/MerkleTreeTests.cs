using DeterministicInference.Receipts.Log;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Log;

public sealed class MerkleTreeTests
{
    /// <summary>transparency-dev/merkle, testonly/constants.go.</summary>
    private static readonly string[] PublishedLeaves =
    [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];

    private static readonly string[] PublishedRoots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly string[] PublishedConsistency =
    [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ];

    [Fact]
    public void Published_roots()
    {
        var leaves = new Leaves();
        Assert.Equal(PublishedRoots[0], leaves.Tree.Root.ToString());
        for (int i = 0; i < PublishedLeaves.Length; i++)
        {
            leaves.Add(Convert.FromHexString(PublishedLeaves[i]));
            Assert.Equal(PublishedRoots[i + 1], leaves.Tree.Root.ToString());
        }
    }

    [Fact]
    public void Published_consistency_proof()
    {
        var leaves = new Leaves();
        foreach (string leaf in PublishedLeaves)
            leaves.Add(Convert.FromHexString(leaf));
        leaves.Store();
        IReadOnlyList<Sha256Value> proof = MerkleProof.Consistency(2, 5, leaves.Read);
        Assert.Equal(PublishedConsistency, proof.Select(hash => hash.ToString()));
        Assert.True(
            MerkleProof.VerifyConsistency(
                2,
                Sha256Value.Parse(PublishedRoots[2]),
                5,
                Sha256Value.Parse(PublishedRoots[5]),
                proof
            )
        );
    }

    [Fact]
    public void Any_size_has_the_root_of_the_definition_grown_at_once_or_taken_up_again()
    {
        var leaves = new Leaves();
        foreach (int step in new[] { 1, 2, 5, 120, 127, 1, 1, 255, 256, 257, 3, 511, 700 })
        {
            leaves.Grow(step);
            Sha256Value expected = Leaves.Definition([.. leaves.Hashes]);
            Assert.Equal(expected, leaves.Tree.Root);
            Assert.Equal(expected, MerkleProof.Root(leaves.Hashes.Count, leaves.Read));
            leaves.Reload();
            Assert.Equal(expected, leaves.Tree.Root);
        }
        for (int size = 0; size < leaves.Hashes.Count; size += 61)
        {
            Assert.Equal(Leaves.Definition([.. leaves.Hashes.Take(size)]), MerkleProof.Root(size, leaves.Read));
        }
    }

    /// <summary>A commit that failed leaves no trace, whatever comes in its place.</summary>
    [Fact]
    public void Leaves_are_taken_back()
    {
        var random = new SeededValues(14);
        Leaves leaves = Leaves.Numbered(1);
        for (int round = 0; round < 60; round++)
        {
            long size = leaves.Tree.Size;
            Sha256Value root = leaves.Tree.Root;
            for (int i = random.Below(700); i >= 0; i--)
                leaves.Tree.Append(Sha256Value.Of(BitConverter.GetBytes(random.Word())));
            _ = leaves.Tree.Root;
            leaves.Tree.Truncate(size);
            Assert.Equal(root, leaves.Tree.Root);
            Assert.Empty(leaves.Tree.GrownSince(size));
            leaves.Grow(random.Below(300));
            Assert.Equal(Leaves.Definition([.. leaves.Hashes]), leaves.Tree.Root);
        }
    }

    /// <summary>The path of the definition, from what is held alone; any size, grown in any steps.</summary>
    [Fact]
    public void What_was_added_is_proved_without_reading()
    {
        var random = new SeededValues(15);
        for (int round = 0; round < 40; round++)
        {
            Leaves leaves = Leaves.Numbered(random.Below(70_000));
            int from = leaves.Hashes.Count;
            for (int i = random.Below(899); i >= 0; i--)
                leaves.Add(BitConverter.GetBytes(leaves.Hashes.Count));
            long size = leaves.Tree.Size;
            for (int i = 0; i < 20; i++)
            {
                long index = from + random.Below(leaves.Hashes.Count - from);
                Assert.True(
                    MerkleProof.VerifyInclusion(
                        leaves.Hashes[(int)index],
                        index,
                        size,
                        leaves.Tree.Inclusion(index),
                        leaves.Tree.Root
                    ),
                    $"{index} of {size}, from {from}"
                );
            }
            leaves.Store();
            Assert.Equal(MerkleProof.Inclusion(size - 1, size, leaves.Read), Last());
            leaves.Reload();
            Assert.Equal(MerkleProof.Inclusion(size - 1, size, leaves.Read), Last());

            // A full last tile is not held: it is proved by what is stored.
            IReadOnlyList<Sha256Value> Last() =>
                size % TilePath.FullWidth == 0
                    ? MerkleProof.Inclusion(size - 1, size, leaves.Read)
                    : leaves.Tree.Inclusion(size - 1);
        }
    }

    /// <summary>The sizes that C2SP tlog-tiles gives as an example.</summary>
    [Fact]
    public void A_tree_of_70000_has_the_published_tiles()
    {
        Leaves leaves = Leaves.Numbered(70_000);
        int[][] widths =
        [
            .. leaves
                .Stored.GroupBy(tile => tile.Key.Level)
                .OrderBy(level => level.Key)
                .Select(level =>
                    level.OrderBy(tile => tile.Key.Index).Select(tile => tile.Value.Length / 32).ToArray()
                ),
        ];
        Assert.Equal([.. Enumerable.Repeat(256, 273), 112], widths[0]);
        Assert.Equal([256, 17], widths[1]);
        Assert.Equal([1], widths[2]);
        Assert.Equal(3, widths.Length);
        Assert.Equal([70_000L, 273, 1, 0], Enumerable.Range(0, 4).Select(level => TilePath.HashesOn(level, 70_000)));
    }

    [Fact]
    public void Two_hundred_and_fifty_six_leaves_are_a_full_tile_and_one_hash_above()
    {
        Leaves leaves = Leaves.Numbered(256);
        Assert.Equal(8192, leaves.Read(0, 0).Length);
        Assert.Equal(leaves.Tree.Root.ToArray(), leaves.Read(1, 0).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(64)]
    public void A_right_most_tile_of_another_width_is_refused(int bytes)
    {
        Leaves leaves = Leaves.Numbered(257);
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() =>
            MerkleTree.Load(257, (level, index) => level == 0 ? new byte[bytes] : leaves.Read(level, index))
        );
        Assert.Equal($"tile/0/001.p/1 holds {bytes} bytes instead of 32", refused.Message);
    }
}
