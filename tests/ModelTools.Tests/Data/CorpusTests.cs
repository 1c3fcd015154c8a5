using System.Security.Cryptography;
using System.Text;
using DeterministicInference.ModelTools.Data;
using Xunit;

namespace DeterministicInference.ModelTools.Tests.Data;

public sealed class CorpusTests
{
    /// <summary>
    /// Identity of the training data. It changes with every change of a generator or a text, and then so do the
    /// weights.
    /// </summary>
    private const string First10000 = "480523503F16F2AF9E77ABAFDDF0E909A756BD6C406BCE36D547698F22A81956";

    [Fact]
    public void A_document_depends_on_seed_and_index_only()
    {
        Corpus first = CorpusFixture.Corpus;
        Corpus second = CorpusFixture.Corpus;
        string[] forwards = [.. Enumerable.Range(0, 500).Select(i => Text(first.Document(i)))];
        string[] backwards = [.. Enumerable.Range(0, 500).Reverse().Select(i => Text(second.Document(i))).Reverse()];
        Assert.Equal(forwards, backwards);
    }

    [Fact]
    public void Other_indexes_and_other_seeds_give_other_documents()
    {
        string[] texts = [.. CorpusFixture.Documents(2000).Select(Text)];
        Corpus other = new(seed: 2, CorpusFixture.Vocabulary.LetterPieces);
        string[] otherTexts = [.. Enumerable.Range(0, 2000).Select(i => Text(other.Document(i)))];
        Assert.True(texts.Distinct().Count() > 1950);
        Assert.True(texts.Intersect(otherTexts).Count() < 50);
    }

    [Fact]
    public void The_first_10000_documents_are_the_known_ones()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Conversation document in CorpusFixture.Documents(10_000))
        {
            hash.AppendData(Encoding.ASCII.GetBytes(Text(document)));
        }

        Assert.Equal(First10000, Convert.ToHexString(hash.GetHashAndReset()));
    }

    [Fact]
    public void Turns_alternate_and_end_with_the_assistant_in_printable_ASCII()
    {
        foreach (Conversation document in CorpusFixture.Documents(20_000))
        {
            int start = document.Turns[0].Role == Role.System ? 1 : 0;
            Assert.True(document.Turns.Count - start is >= 2 and <= 16 && (document.Turns.Count - start) % 2 == 0);
            for (int i = start; i < document.Turns.Count; i++)
            {
                Assert.Equal((i - start) % 2 == 0 ? Role.User : Role.Assistant, document.Turns[i].Role);
            }

            Assert.All(
                document.Turns,
                turn =>
                {
                    Assert.NotEmpty(turn.Text.Trim());
                    Assert.DoesNotContain(turn.Text, c => c is < ' ' or > '~');
                    Assert.DoesNotContain('{', turn.Text);
                }
            );
        }
    }

    [Fact]
    public void All_kinds_system_turns_and_long_conversations_have_their_share()
    {
        Conversation[] documents = [.. CorpusFixture.Documents(20_000)];
        Assert.All(Enum.GetValues<Kind>(), kind => Assert.InRange(documents.Count(d => d.Kind == kind), 500, 6000));
        Assert.InRange(documents.Count(d => d.Turns[0].Role == Role.System) / 20_000.0, 0.14, 0.20);
        Assert.InRange(documents.Count(d => d.Turns.Count(t => t.Role == Role.User) > 1) / 20_000.0, 0.33, 0.60);
    }

    [Fact]
    public void A_question_that_opens_a_conversation_always_has_the_same_answer()
    {
        Dictionary<string, string> answers = [];
        List<string> contradictions = [];
        foreach ((string question, string answer, bool isFirst) in CorpusFixture.Exchanges(150_000))
        {
            if (isFirst && !answers.TryAdd(question, answer) && answers[question] != answer)
            {
                contradictions.Add($"{question} => {answer} / {answers[question]}");
            }
        }

        Assert.Empty(contradictions);
    }

    private static string Text(Conversation document) =>
        string.Join('\n', document.Turns.Select(turn => $"{turn.Role}: {turn.Text}")) + "\n\n";
}
