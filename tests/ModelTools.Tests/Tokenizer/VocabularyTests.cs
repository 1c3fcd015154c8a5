using DeterministicInference.Engine.Tokenization;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Tests.Data;
using DeterministicInference.ModelTools.Tokenizer;
using DeterministicInference.ModelTools.Training;
using Xunit;

namespace DeterministicInference.ModelTools.Tests.Tokenizer;

public sealed class VocabularyTests
{
    private static readonly Lazy<BpeTokenizer> Tokenizer = new(() =>
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("vocabulary-");
        try
        {
            CorpusFixture.Vocabulary.WriteTo(folder.FullName);
            return BpeTokenizer.Load(Path.Combine(folder.FullName, "tokenizer.json"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    });

    [Fact]
    public void The_vocabulary_has_the_special_tokens_the_bytes_and_763_merged_pieces()
    {
        Vocabulary vocabulary = CorpusFixture.Vocabulary;
        Assert.Equal(1024, vocabulary.Tokens.Count);
        Assert.Equal(1024, vocabulary.Tokens.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(SpecialTokens.Texts, vocabulary.Tokens.Take(5));
        Assert.Equal("A", vocabulary.Tokens[5 + 'A']);
        Assert.True(vocabulary.Merges.Count >= 763);
    }

    [Fact]
    public void Training_twice_gives_the_same_vocabulary()
    {
        Vocabulary again = ChatVocabulary.Train();
        Assert.Equal(CorpusFixture.Vocabulary.Tokens, again.Tokens);
        Assert.Equal(CorpusFixture.Vocabulary.Merges, again.Merges);
    }

    [Fact]
    public void Equally_frequent_pairs_are_joined_by_the_lowest_ids()
    {
        Dictionary<string, long> counts = new()
        {
            ["zy"] = 3,
            ["ab"] = 3,
            ["cd"] = 5,
        };
        Vocabulary vocabulary = BpeTrainer.Train(counts, size: 264);
        Assert.Equal([("c", "d"), ("a", "b"), ("z", "y")], vocabulary.Merges);
    }

    [Fact]
    public void Every_text_of_the_corpus_survives_encoding_and_decoding()
    {
        foreach (Conversation document in CorpusFixture.Documents(3_000))
        {
            Assert.All(
                document.Turns,
                turn => Assert.Equal(turn.Text, Tokenizer.Value.Decode(Tokenizer.Value.Encode(turn.Text)))
            );
        }
    }

    [Fact]
    public void Every_letter_piece_of_the_vocabulary_is_spelled_in_the_data()
    {
        Dictionary<string, int> ids = [];
        for (int id = Vocabulary.FirstMerged; id < CorpusFixture.Vocabulary.Tokens.Count; id++)
        {
            ids.Add(Vocabulary.TextOf(CorpusFixture.Vocabulary.Tokens[id]), id);
        }

        HashSet<int> missing = [.. CorpusFixture.Vocabulary.LetterPieces.Select(piece => ids[piece])];
        foreach ((string question, string answer, _) in CorpusFixture.Exchanges(150_000))
        {
            int letters = answer.IndexOf(' ', StringComparison.Ordinal) is int space and >= 0 ? space : answer.Length;
            bool spelled = letters > 2 && answer[1] == '-' && answer[letters - 2] == '-';
            if (
                spelled
                || answer.StartsWith("The first letter", StringComparison.Ordinal)
                || answer.StartsWith("The last letter", StringComparison.Ordinal)
            )
            {
                missing.ExceptWith(Tokenizer.Value.Encode(question));
            }
        }

        Assert.Empty(missing.Select(id => CorpusFixture.Vocabulary.Tokens[id]));
    }

    [Fact]
    public void A_document_is_the_rendered_chat_template_and_only_answers_count()
    {
        ChatFormat format = new(text => Tokenizer.Value.Encode(text));
        Conversation conversation = new(
            [new(Role.System, "Be brief."), new(Role.User, "What is 7 + 5?"), new(Role.Assistant, "7 + 5 = 12")],
            Kind.Arithmetic,
            []
        );
        TrainingDocument document = format.Format(conversation);
        string rendered =
            "<|bos|><|system|>Be brief.<|end|><|user|>What is 7 + 5?<|end|><|assistant|>7 + 5 = 12<|end|>";
        Assert.Equal(Tokenizer.Value.Encode(rendered, recognizeSpecials: true), document.Tokens);
        int answer = Array.IndexOf(document.Tokens, SpecialTokens.Assistant);
        Assert.Equal(document.Tokens.Select((_, i) => i > answer), document.IsTarget);
        Assert.Equal(document.Tokens.Take(answer + 1), format.FormatPrompt(conversation.WithoutLastTurn()));
    }

    [Fact]
    public void Documents_fit_the_context_and_are_short_on_average()
    {
        ChatFormat format = new(text => Tokenizer.Value.Encode(text));
        int[] lengths = [.. CorpusFixture.Documents(30_000).Select(document => format.Format(document).Tokens.Length)];
        Assert.Equal(0, lengths.Count(length => length > 256));
        Assert.InRange(lengths.Average(), 50, 70);
    }

    [Theory]
    [InlineData("hello world", "hello", " world")]
    [InlineData("a  b", "a", "  ", "b")]
    [InlineData("12 + 30", "1", "2", " +", " ", "3", "0")]
    [InlineData("don't stop.", "don", "'", "t", " stop", ".")]
    [InlineData(" \"x\" --port ", " \"", "x", "\"", " --", "port", " ")]
    public void Texts_are_cut_into_words_digits_punctuation_and_space(string text, params string[] expected)
    {
        List<string> pieces = [];
        for (int start = 0; start < text.Length; start += pieces[^1].Length)
        {
            pieces.Add(text.Substring(start, PreTokens.LengthAt(text, start)));
        }

        Assert.Equal(expected, pieces);
    }
}
