using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Tokenizer;

namespace DeterministicInference.ModelTools.Tests.Data;

/// <summary>The vocabulary and the training corpus that the tests share; each is made once.</summary>
internal static class CorpusFixture
{
    private static readonly Lazy<Vocabulary> TrainedVocabulary = new(ChatVocabulary.Train);

    public static Vocabulary Vocabulary => TrainedVocabulary.Value;

    public static Corpus Corpus => new(seed: 1, Vocabulary.LetterPieces);

    /// <summary>The first documents of the corpus.</summary>
    public static IEnumerable<Conversation> Documents(int count)
    {
        Corpus corpus = Corpus;
        for (int i = 0; i < count; i++)
        {
            yield return corpus.Document(i);
        }
    }

    /// <summary>Every question of the first documents with its answer and what was asked before it.</summary>
    public static IEnumerable<(string Question, string Answer, bool IsFirst)> Exchanges(int count)
    {
        foreach (Conversation document in Documents(count))
        {
            bool first = true;
            for (int i = 1; i < document.Turns.Count; i++)
            {
                if (document.Turns[i].Role == Role.Assistant)
                {
                    yield return (document.Turns[i - 1].Text, document.Turns[i].Text, first);
                    first = false;
                }
            }
        }
    }
}
