namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Fills shards with consecutive documents, in order; the first document that fits no more opens the next batch.
/// </summary>
internal sealed class BatchPacker(TrainingRecipe recipe, Func<long, TrainingDocument> documents)
{
    // The document that did not fit the previous batch, so that it need not be made twice.
    private (long Index, TrainingDocument Document)? _held;

    /// <summary>The batch that starts with a document.</summary>
    /// <param name="firstDocument">Its index.</param>
    /// <param name="end">Index of the first document that must not be used.</param>
    public Batch Pack(long firstDocument, long end = long.MaxValue)
    {
        if (recipe.DocumentTokens > recipe.ShardTokens)
            throw new InvalidOperationException("A document must fit into a shard.");
        Shard[] shards = new Shard[recipe.Shards];
        long next = firstDocument;
        int cut = 0;
        for (int i = 0; i < shards.Length; i++)
        {
            Shard shard = shards[i] = new Shard();
            while (next < end)
            {
                TrainingDocument document = Get(next);
                int length = Math.Min(document.Tokens.Length, recipe.DocumentTokens);
                if (shard.Tokens.Count + length > recipe.ShardTokens)
                {
                    _held = (next, document);
                    break;
                }
                if (length < document.Tokens.Length)
                    cut++;
                shard.Add(document, length);
                next++;
            }
        }
        return new(shards, firstDocument, next, cut);
    }

    private TrainingDocument Get(long index)
    {
        if (_held is { } held && held.Index == index)
            return held.Document;
        TrainingDocument document = documents(index);
        if (document.IsTarget.Length != document.Tokens.Length)
        {
            throw new InvalidDataException(
                $"Document {index} has {document.Tokens.Length} tokens but {document.IsTarget.Length} marks."
            );
        }
        if (document.Tokens.Length == 0)
            throw new InvalidDataException($"Document {index} is empty.");
        foreach (int token in document.Tokens)
        {
            if ((uint)token >= (uint)recipe.Shape.Vocabulary)
            {
                throw new InvalidDataException(
                    $"Document {index} has token {token}; the vocabulary has {recipe.Shape.Vocabulary}."
                );
            }
        }
        return document;
    }
}
