using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Bundles;

/// <summary>A bundle for who may see the answer, but not the request.</summary>
public sealed class SharedAnswerTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    [Theory]
    [InlineData(
        """{"id":"x","model":"m","prompt_token_ids":[1],"choices":[{"text":"a","prompt_token_ids":[1],"token_ids":[2]}]}""",
        """{"id":"x","model":"m","choices":[{"text":"a","token_ids":[2]}]}"""
    )]
    [InlineData(
        """{"choices":[{"message":{"content":"a","role":"tool","parsed":1,"x":1},"stop_reason":"secret","matched_stop":"secret"}],"new":"?"}""",
        """{"choices":[{"message":{"content":"a","role":"tool"}}]}"""
    )]
    [InlineData(
        """{"sglext":{"input_ids":[[1]],"output_ids":[[2]]},"usage":{"prompt_tokens":3,"total_tokens":4,"cost":1},"determinism":{"salt":"s"}}""",
        """{"sglext":{"output_ids":[[2]]},"usage":{"prompt_tokens":3,"total_tokens":4}}"""
    )]
    [InlineData(
        """{"choices":[{"message":{"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}","parsed_arguments":{}},"y":2}]}}]}""",
        """{"choices":[{"message":{"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}}]}"""
    )]
    [InlineData(
        """{"\u0063hoices":[{"index":0,"text":"\ud83d\u00e9","logprobs":{"tokens":["a"],"token_logprobs":[-1.50e0]},"finish_reason":null}],"usage":5,"error":"secret"}""",
        """{"choices":[{"index":0,"text":"\ud83d\u00e9","logprobs":{"tokens":["a"],"token_logprobs":[-1.50e0]},"finish_reason":null}],"usage":null}"""
    )]
    public void Of_an_answer_only_what_its_output_is_read_of_stays(string answer, string shared) =>
        Assert.Equal(shared, Shared(answer, AnswerDelivery.Json));

    [Fact]
    public void Of_a_stream_only_data_stays() =>
        Assert.Equal(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: null\n\ndata: [DONE]\n\n",
            Shared(
                ": secret\nid: x\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\",\"role2\":1}}],\"timings\":{}}\r\n"
                    + "\r\ndata: null\n\n: dis-receipt {\"salt\":\"s\"}\n\ndata: [DONE]\n\n",
                AnswerDelivery.Sse
            )
        );

    [Fact]
    public void A_stream_that_is_read_in_two_ways_is_refused() =>
        Assert.Equal(
            "'answer' has no canonical form: A line behind the end of a stream at the top level (byte 14)",
            Assert
                .Throws<ReceiptFormatException>(() => Shared("data: [DONE]\n\ndata: {}\n\n", AnswerDelivery.Sse))
                .Message.TrimEnd('.')
        );

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"choices":[}""")]
    [InlineData("{} {}")]
    [InlineData("""{"a\ud800":1}""")]
    public void What_is_not_JSON_is_refused(string answer) =>
        Assert.Equal(
            "'answer' is not JSON",
            Assert.Throws<ReceiptFormatException>(() => Shared(answer, AnswerDelivery.Json)).Message.TrimEnd('.')
        );

    /// <summary>Output, tokens and log-probabilities are still those that were sealed.</summary>
    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    public void Recorded_answers_keep_their_output_and_tokens(string engine)
    {
        int read = 0;
        foreach (EngineRecording recording in EngineRecordings.Require(engine).Where(one => one.Status == 200))
        {
            AnswerDelivery delivery = recording.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json;
            RecordedAnswer whole,
                shared;
            try
            {
                whole = Read(recording.Body);
            }
            catch (CanonicalFormException)
            {
                continue;
            }
            shared = Read(Encoding.UTF8.GetBytes(Shared(Encoding.UTF8.GetString(recording.Body), delivery)));
            Assert.Equal(
                (whole.Output with { Extras = null }, whole.Tokens?.Digest, whole.Ended),
                (shared.Output, shared.Tokens?.Digest, shared.Ended)
            );
            Assert.Null(shared.Prompt);
            read++;

            RecordedAnswer Read(byte[] body) =>
                RecordedAnswer.Read(body, delivery, Vectors.Salts, logprobs: recording.Asks("logprobs"));
        }
        Assert.True(read > 30);
    }

    [Fact]
    public void The_bundle_opens_the_answer_and_nothing_else()
    {
        var bundle = new ReceiptBundle(_sample.Receipt)
        {
            Request = new RecordedRequest("/v1/chat/completions", Encoding.UTF8.GetBytes(SampleReceipt.RequestBody)),
            Response = new RecordedResponse(
                AnswerDelivery.Json,
                "application/json",
                Encoding.UTF8.GetBytes(SampleReceipt.Answer)
            ),
        };
        ReceiptBundle shared = ReceiptBundle.FromJson(bundle.WithoutRequest().ToJson());
        Assert.Null(shared.Request);
        Assert.Equal(
            [SaltLabel.Output, SaltLabel.Logprobs, SaltLabel.Tokens],
            shared.Receipt.Salts!.Known.OrderBy(label => (int)label)
        );
        VerificationResult result = ReceiptExamination.Verify(
            _sample.EvidenceOf(shared.Receipt) with
            {
                RequestBody = null,
                Output = SampleReceipt.OutputOf(Encoding.UTF8.GetString(shared.Response!.Body.Span)),
                Prompt = null,
            },
            _sample.LogKey
        );
        Assert.Equal(Verdict.Signed, result.Verdict);
        Assert.All(result.Checks, check => Assert.NotEqual(CheckOutcome.Failed, check.Outcome));
        // What was left out is not compared, and the counts and the model still are.
        Assert.Equal(
            [CheckOutcome.NotChecked, CheckOutcome.Passed, CheckOutcome.Passed],
            result
                .Checks.Where(check => check.Check is ReceiptCheck.Extras or ReceiptCheck.Usage or ReceiptCheck.Model)
                .Select(check => check.Outcome)
        );
        string text = Encoding.UTF8.GetString(shared.ToJson());
        foreach (ReadOnlySpan<byte> secret in new[] { SaltLabel.Request, SaltLabel.Prompt }.Select(Salted))
            Assert.DoesNotContain(Convert.ToBase64String(secret), text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(_sample.Salts.Root!.Bytes), text, StringComparison.Ordinal);

        byte[] Salted(SaltLabel label) => _sample.Salts[label]!.Bytes.ToArray();
    }

    public void Dispose() => _sample.Dispose();

    private string Shared(string answer, AnswerDelivery delivery) =>
        Encoding.UTF8.GetString(
            new ReceiptBundle(_sample.Receipt)
            {
                Response = new RecordedResponse(delivery, "", Encoding.UTF8.GetBytes(answer)),
            }
                .WithoutRequest()
                .Response!.Body.Span
        );
}
