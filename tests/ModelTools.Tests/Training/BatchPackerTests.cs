using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

public sealed class BatchPackerTests
{
    private static readonly TrainingRecipe Recipe = TrainingCheck.Recipe(1);

    [Fact]
    public void Batches_hold_every_document_once_and_in_order()
    {
        BatchPacker packer = new(Recipe, TrainingCheck.Document);
        List<int> packed = [];
        long next = 0;
        for (int i = 0; i < 5; i++)
        {
            Batch batch = packer.Pack(next);
            Assert.Equal(next, batch.FirstDocument);
            Assert.Equal(Recipe.Shards, batch.Shards.Count);
            Assert.All(batch.Shards, shard => Assert.InRange(shard.Tokens.Count, 1, Recipe.ShardTokens));
            packed.AddRange(batch.Shards.SelectMany(shard => shard.Tokens));
            next = batch.NextDocument;
        }

        int[] expected =
        [
            .. Enumerable
                .Range(0, (int)next)
                .SelectMany(i => TrainingCheck.Document(i).Tokens.Take(Recipe.DocumentTokens)),
        ];
        Assert.Equal(expected, packed);
    }

    [Fact]
    public void A_batch_depends_on_its_first_document_only()
    {
        BatchPacker used = new(Recipe, TrainingCheck.Document);
        long second = used.Pack(0).NextDocument;

        Batch after = used.Pack(second);
        Batch alone = new BatchPacker(Recipe, TrainingCheck.Document).Pack(second);

        Assert.Equal(alone.NextDocument, after.NextDocument);
        Assert.Equal(alone.Shards.SelectMany(shard => shard.Targets), after.Shards.SelectMany(shard => shard.Targets));
    }

    [Fact]
    public void A_row_predicts_the_next_token_of_its_own_document_if_that_one_counts()
    {
        Shard shard = new();
        shard.Add(new([5, 6, 7], [true, false, true]), 3);
        shard.Add(new([8, 9, 10], [true, true, true]), 2);

        Assert.Equal([5, 6, 7, 8, 9], shard.Tokens);
        Assert.Equal([Shard.NoTarget, 7, Shard.NoTarget, 9, Shard.NoTarget], shard.Targets);
        Assert.Equal(2, shard.TargetCount);
        Assert.Equal([(0, 3), (3, 2)], shard.Documents);
    }

    [Fact]
    public void Long_documents_are_cut_and_counted()
    {
        int[] tokens = new int[Recipe.DocumentTokens + 3];
        Batch batch = new BatchPacker(Recipe, _ => new(tokens, new bool[tokens.Length])).Pack(0);

        Assert.All(batch.Shards, shard => Assert.Equal([(0, Recipe.DocumentTokens)], shard.Documents));
        Assert.Equal(batch.Shards.Count, batch.CutDocuments);
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_named()
    {
        BatchPacker packer = new(Recipe, index => new([1, index == 3 ? 96 : 2], [true, true]));

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => packer.Pack(0));
        Assert.Equal("Document 3 has token 96; the vocabulary has 96.", error.Message);
    }
}
