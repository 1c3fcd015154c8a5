using System.Text;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>
/// Generated answers: however they are spelled and cut, their output is one; any other answer has another.
/// </summary>
public class OutputPropertyTests
{
    private const int Trials = 400;

    [Fact]
    public void One_output_for_the_answer_and_for_any_events()
    {
        for (int seed = 0; seed < Trials; seed++)
        {
            var random = new SeededValues(seed);
            var answer = new GeneratedAnswer(random);
            string expected = answer.Manifest();
            OutputDigest json = Outputs.OfAnswer(answer.Json(random));
            Assert.True(json.Finished);
            Assert.Equal(expected, json.Manifest);
            for (int cut = 0; cut < 3; cut++)
            {
                OutputDigest events = Outputs.OfEvents(answer.Events(random));
                Assert.Equal(expected, events.Manifest);
                Assert.Equal(json, events);
            }
        }
    }

    [Fact]
    public void Different_answers_have_different_outputs()
    {
        var outputs = new Dictionary<string, Sha256Value>();
        for (int seed = 0; seed < Trials; seed++)
        {
            var random = new SeededValues(seed);
            var answer = new GeneratedAnswer(random);
            outputs[answer.Manifest()] = Outputs.OfAnswer(answer.Json(random)).Digest;
        }
        Assert.True(outputs.Count > Trials * 9 / 10);
        Assert.Equal(outputs.Count, outputs.Values.Distinct().Count());
    }

    [Fact]
    public void One_bit_of_a_bound_value_changes_the_output()
    {
        const string answer =
            """{"choices":[{"index":0,"text":"Tea","message":"""
            + """{"content":"Now","reasoning":"Why","refusal":"Nay","function_call":"""
            + """{"name":"fun","arguments":"{1}"},"tool_calls":[{"function":{"name":"get","arguments":"[2]"}},"""
            + """{"custom":{"name":"put","input":"in1"}}]},"finish_reason":"stop"}]}""";
        Sha256Value plain = Outputs.OfAnswer(answer).Digest;
        byte[] bytes = Encoding.UTF8.GetBytes(answer);
        int changes = 0;
        foreach (string value in new[] { "Tea", "Now", "Why", "Nay", "fun", "{1}", "get", "[2]", "put", "in1", "stop" })
        {
            int start = answer.IndexOf($"\"{value}\"", StringComparison.Ordinal) + 1;
            for (int bit = 0; bit < value.Length * 8; bit++)
            {
                byte[] changed = [.. bytes];
                changed[start + bit / 8] ^= (byte)(1 << bit % 8);
                using var hasher = new HashedAnswer();
                try
                {
                    hasher.AppendAnswer(changed);
                }
                catch (CanonicalFormException)
                {
                    // Not UTF-8 or not JSON any more.
                    continue;
                }
                Assert.True(plain != hasher.Finish().Digest, $"bit {bit} of {value}");
                changes++;
            }
        }
        Assert.True(changes > 150, $"{changes}");
    }

    [Fact]
    public void Text_that_moves_to_another_channel_choice_or_tool_changes_the_output()
    {
        string[] answers =
        [
            """{"choices":[{"index":0,"text":"ab"},{"index":1,"text":"c"}]}""",
            """{"choices":[{"index":0,"text":"a"},{"index":1,"text":"bc"}]}""",
            """{"choices":[{"index":0,"text":"c"},{"index":1,"text":"ab"}]}""",
            """{"choices":[{"index":0,"text":"ab"},{"index":1,"message":{"content":"c"}}]}""",
            """{"choices":[{"index":0,"text":"abc"},{"index":1}]}""",
            """{"choices":[{"text":"abc"}]}""",
            """{"choices":[{"message":{"content":"abc"}}]}""",
            """{"choices":[{"message":{"reasoning":"abc"}}]}""",
            """{"choices":[{"message":{"refusal":"abc"}}]}""",
            """{"choices":[{"message":{"function_call":{"name":"abc"}}}]}""",
            """{"choices":[{"message":{"function_call":{"arguments":"abc"}}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"function":{"name":"abc"}}]}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"function":{"arguments":"abc"}}]}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"custom":{"input":"abc"}}]}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"type":"function"},{"function":{"name":"abc"}}]}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"type":"custom"},{"function":{"name":"abc"}}]}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"function":{"name":"abc"}},{"type":"function"}]}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"custom":{"name":"abc"}}]}}]}""",
            """{"choices":[{"message":{"role":"abc"}}]}""",
            """{"choices":[{"message":{"tool_calls":[{"function":{"name":"ab"}},{"function":{"name":"c"}}]}}]}""",
            """{"choices":[{"finish_reason":"abc"}]}""",
        ];
        Assert.Equal(answers.Length, answers.Select(answer => Outputs.OfAnswer(answer).Digest).Distinct().Count());
    }

    [Fact]
    public void Log_probabilities_do_not_depend_on_the_cut()
    {
        string[] entries =
        [
            .. Enumerable
                .Range(0, 12)
                .Select(i =>
                    $$"""{"token":"t{{i}}","logprob":-{{i}}.5,"top_logprobs":[{"token":"u","logprob":-1e-{{i}}}]}"""
                ),
        ];
        OutputDigest whole = Outputs.OfAnswer(
            "{\"choices\":[{\"logprobs\":{\"refusal\":["
                + string.Join(",", entries[8..])
                + "],\"content\":["
                + string.Join(",", entries[..8])
                + "]}}]}",
            logprobs: true
        );
        for (int seed = 0; seed < 50; seed++)
        {
            // Content and refusal may overtake each other; content comes first all the same.
            var random = new SeededValues(seed);
            var content = new Queue<string>(entries[..8]);
            var refusal = new Queue<string>(entries[8..]);
            var events = new List<string>();
            while (content.Count + refusal.Count > 0)
            {
                events.Add(
                    "{\"choices\":[{\"delta\":{},\"logprobs\":{\"content\":["
                        + Take(content)
                        + "],\"refusal\":["
                        + Take(refusal)
                        + "]}}]}"
                );
            }
            Assert.Equal(whole.Logprobs, Outputs.OfEvents(events, logprobs: true).Logprobs);

            string Take(Queue<string> queue) =>
                string.Join(
                    ",",
                    Enumerable.Range(0, Math.Min(random.Below(3), queue.Count)).Select(_ => queue.Dequeue())
                );
        }
    }
}
