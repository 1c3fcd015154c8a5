using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary><c>verify --against</c>: every verdict with its exit code.</summary>
public sealed class ReplayTests : IAsyncLifetime
{
    private const string Stream =
        """{"model":"tiny","messages":[{"role":"user","content":"Hi"}],"seed":7,"stream":true}""";

    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(RecordedExchange.Question, ApiClient.Chat)]
    [InlineData(Stream, ApiClient.Chat)]
    [InlineData("""{"prompt":"The capital","max_tokens":5}""", ApiClient.Completions)]
    [InlineData("""{"prompt":"The capital","logprobs":0,"stream":true}""", ApiClient.Completions)]
    [InlineData("""{"messages":[],"logprobs":true,"return_token_ids":true}""", ApiClient.Chat)]
    public async Task The_same_answer_again_is_reproduced(string body, string path)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, body, path);
        Verified verified = await exchange.VerifyAsync("--against", _server.Url);
        verified
            .Is(0, "REPRODUCED", "the same environment gives the same answer")
            .Has("replay", "1 answer")
            .Has("its environment", _server.Environment.Id.ToString());
        Assert.Equal((1, null), ((int)verified.Json["replay"]!["answers"]!, verified.Json["replay"]!["difference"]));
    }

    [Fact]
    public async Task The_replay_is_the_client_s_request_with_the_pins_and_nothing_that_is_not_bound()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            _server,
            Stream.Replace("\"seed\":7", "\"user\":\"u\",\"max_tokens\":null", StringComparison.Ordinal)
        );
        await exchange.VerifyAsync("--against", _server.Url + "/v1/");
        AnswerRequest replay = _server.Requests[1];
        Assert.True(replay.IsReplay);
        Assert.Matches(
            """^\{"messages":\[\{"role":"user","content":"Hi"\}\],"model":"tiny","seed":42,"stream":"""
                + """true,"return_token_ids":true,"replay_nonce":"[0-9a-f]{32}"\}$""",
            Encoding.UTF8.GetString(replay.Body)
        );
    }

    [Theory]
    [InlineData(RecordedExchange.Question, null, null)]
    [InlineData("""{"messages":[],"return_token_ids":true,"stream":true}""", " is", " was")]
    [InlineData("""{"messages":[],"return_token_ids":true,"logprobs":true}""", " is", " was")]
    public async Task Another_token_contradicts_after_three_replays(string body, string? recorded, string? replayed)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, body);
        _server.Script = _ => ScriptedAnswer.Paris.With(2, 77, " was");
        Verified verified = await exchange.VerifyAsync("--against", _server.Url);
        verified
            .Is(10, "CONTRADICTED", "the same environment differs at token 2 of choice 0")
            .Has("its environment", ", deterministic, ")
            .Has("replay", "3 answers")
            .Has("first difference", "token 2 of choice 0");
        verified
            .Has("in the replay", "token id 77")
            .Has("in the receipt", recorded is null ? "token unknown" : $"token id 13, text \"{recorded}\"");
        JsonNode difference = verified.Json["replay"]!["difference"]!;
        Assert.Equal(
            ("tokens", 0, 2),
            ((string)difference["part"]!, (int)difference["choice"]!, (int)difference["token"]!)
        );
        Assert.Equal(
            (recorded is null ? null : 13, recorded),
            ((int?)difference["recorded"]?["id"], (string?)difference["recorded"]?["text"])
        );
        Assert.Equal((77, replayed), ((int)difference["replayed"]!["id"]!, (string?)difference["replayed"]!["text"]));
    }

    [Fact]
    public async Task More_runs_can_be_asked_for()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Script = _ => ScriptedAnswer.Paris.With(2, 77, " was");
        (await exchange.VerifyAsync("--against", _server.Url, "--runs", "5"))
            .Is(10, "CONTRADICTED", "")
            .Has("replay", "5 answers");
        Assert.Equal(6, _server.Requests.Count);
    }

    [Fact]
    public async Task Another_text_without_ids_is_placed_by_its_byte()
    {
        _server.Script = _ => ScriptedAnswer.Paris with { ReportsIds = false };
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Script = _ => ScriptedAnswer.Paris.With(2, 77, " was") with { ReportsIds = false };
        Verified verified = await exchange.VerifyAsync("--against", _server.Url);
        verified.Is(10, "CONTRADICTED", "byte 12 of content of choice 0, token unknown");
        JsonNode difference = verified.Json["replay"]!["difference"]!;
        Assert.Equal(
            ("text", "content", 12, null),
            ((string)difference["part"]!, (string)difference["channel"]!, (int)difference["byte"]!, difference["token"])
        );
    }

    [Fact]
    public async Task Another_prompt_and_other_log_probabilities_are_named()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, """{"messages":[],"logprobs":true}""");
        _server.Script = _ => ScriptedAnswer.Paris with { Prompt = [1, 2, 4] };
        (await exchange.VerifyAsync("--against", _server.Url)).Is(10, "CONTRADICTED", "the prompt");
        _server.Script = _ => ScriptedAnswer.Paris with { Logprob = "-0.5" };
        (await exchange.VerifyAsync("--against", _server.Url)).Is(10, "CONTRADICTED", "the log-probabilities");
    }

    [Fact]
    public async Task Another_environment_corroborates()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Environment = IssuingServer.EnvironmentOf("0.5.13");
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            11,
            "CORROBORATED",
            "another environment gives the same answer"
        );
    }

    [Fact]
    public async Task A_best_effort_environment_corroborates_and_never_contradicts()
    {
        _server.Environment = IssuingServer.EnvironmentOf("0.5.12", "not_deterministic");
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        (await exchange.VerifyAsync("--against", _server.Url)).Is(11, "CORROBORATED", "best-effort");
        _server.Script = _ => ScriptedAnswer.Paris.With(0, 77, "A");
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            12,
            "INCONCLUSIVE",
            "best-effort environment promises nothing"
        );
    }

    [Fact]
    public async Task A_server_that_does_not_name_its_environment_never_reproduces()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Receipts = AnswerReceiptMode.None;
        (await exchange.VerifyAsync("--against", _server.Url))
            .Is(12, "INCONCLUSIVE", "the same answer came again, but the server gave no receipt that shows")
            .Has("its environment", "unknown");
        _server.Receipts = AnswerReceiptMode.Foreign;
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            12,
            "INCONCLUSIVE",
            "does not show that it was computed for this question: the output is not the one"
        );
        _server.Receipts = AnswerReceiptMode.Inline;
        _server.Pins.Add("temperature", "0.5");
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            12,
            "INCONCLUSIVE",
            "but the server changed the request (temperature)"
        );
    }

    /// <summary>Nothing but a fresh receipt of this question shows that the answer was computed for it.</summary>
    [Theory]
    [InlineData("Stored", "it came with the receipt that is verified: it was stored, not computed")]
    [InlineData("FalseSignature", "the log's checkpoint is not signed by the key")]
    [InlineData("OtherKey", "the checkpoint names the key log.example+")]
    [InlineData("Memo", "its receipt says that it was memo, not computed anew")]
    [InlineData("WithoutUnknown", "the sealed request is this one without replay_nonce: something between")]
    [InlineData("Foreign", "the output is not the one that was sealed")]
    [InlineData("None", "the server gave no receipt that shows that it was computed anew")]
    public async Task An_answer_that_nobody_shows_to_be_fresh_decides_nothing(string mode, string why)
    {
        foreach (string body in (string[])[RecordedExchange.Question, Stream])
        {
            _server.Receipts = AnswerReceiptMode.Inline;
            RecordedExchange exchange = await RecordedExchange.AskAsync(_server, body);
            _server.Receipts = Enum.Parse<AnswerReceiptMode>(mode);
            (await exchange.VerifyAsync("--against", _server.Url)).Is(12, "INCONCLUSIVE", why);
            // Neither does another answer.
            _server.Script = _ => ScriptedAnswer.Paris.With(2, 77, " was");
            if (mode != "Stored")
                (await exchange.VerifyAsync("--against", _server.Url)).Is(12, "INCONCLUSIVE", why);
            _server.Script = _ => ScriptedAnswer.Paris;
        }
    }

    [Theory]
    [InlineData("Reference")]
    [InlineData("Header")]
    public async Task A_receipt_by_its_id_is_fetched(string mode)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Receipts = Enum.Parse<AnswerReceiptMode>(mode);
        (await exchange.VerifyAsync("--against", _server.Url)).Is(0, "REPRODUCED", "same environment");
    }

    [Fact]
    public async Task Other_environments_that_differ_are_compared_fact_by_fact()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        string bundle = await exchange.ExportAsync("--url", _server.Url);
        _server.Environment = IssuingServer.EnvironmentOf("0.5.13");
        _server.Script = _ => ScriptedAnswer.Paris.With(1, 77, " center");
        Verified verified = await RecordedExchange.VerifyAsync(
            bundle,
            "--key",
            exchange.KeyFile,
            "--against",
            _server.Url
        );
        verified
            .Is(12, "INCONCLUSIVE", "differs at token 1 of choice 0; the environments differ in engine.version")
            .Has("differing fact", "engine.version");
        Assert.Equal("""["engine.version"]""", verified.Json["replay"]!["differing_facts"]!.ToJsonString());
        _server.HasDocuments = false;
        (await RecordedExchange.VerifyAsync(bundle, "--key", exchange.KeyFile, "--against", _server.Url))
            .Is(12, "INCONCLUSIVE", "differs at token 1 of choice 0; the environments differ")
            .Has("note", $"which facts differ is unknown, because {_server.Url} has no document of its environment");
        _server.Receipts = AnswerReceiptMode.None;
        (await RecordedExchange.VerifyAsync(bundle, "--key", exchange.KeyFile, "--against", _server.Url)).Is(
            12,
            "INCONCLUSIVE",
            "differs at token 1 of choice 0, and the server gave no receipt"
        );
    }

    [Fact]
    public async Task An_engine_that_disagrees_with_itself_shows_nothing()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Script = i => i % 2 == 1 ? ScriptedAnswer.Paris.With(2, 77, " was") : ScriptedAnswer.Paris;
        (await exchange.VerifyAsync("--against", _server.Url))
            .Is(16, "INDETERMINATE", "of 3 answers of the server to one request not all are the same")
            .Has("replay", "3 answers");
    }

    [Fact]
    public async Task An_engine_that_refuses_to_report_ids_is_asked_without()
    {
        _server.Script = _ => ScriptedAnswer.Paris with { ReportsIds = false };
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.RefusesIds = true;
        (await exchange.VerifyAsync("--against", _server.Url))
            .Is(0, "REPRODUCED", "")
            .Has("note", "does not report token ids");
    }

    /// <summary>SGLang refuses the usual name in a chat's stream, and is asked by its own.</summary>
    [Fact]
    public async Task SGLang_is_asked_for_the_ids_of_a_chats_stream_in_its_own_way()
    {
        _server.HasSglangIds = true;
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, Stream);
        Verified verified = await exchange.VerifyAsync("--against", _server.Url);
        verified.Is(0, "REPRODUCED", "the same environment gives the same answer");
        Assert.DoesNotContain("does not report token ids", verified.Text, StringComparison.Ordinal);
        Assert.Equal([false, true, false], _server.Requests.Select(request => request.WantsIds));
        Assert.True(_server.Requests[^1].WantsSglangIds);
        // The text is the same, so that only the ids tell the difference.
        _server.Script = _ => ScriptedAnswer.Paris.With(2, 77, " is");
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            10,
            "CONTRADICTED",
            "the same environment differs at token 2 of choice 0"
        );
    }

    [Fact]
    public async Task Another_delivery_is_decided_by_the_tokens()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        (await exchange.VerifyAsync("--against", _server.Url, "--delivery", "sse"))
            .Is(0, "REPRODUCED", "")
            .Has("replay", "1 answer, sse");
        Assert.True(_server.Requests[^1].IsStream);
        _server.Script = _ => ScriptedAnswer.Paris.With(4, 15, "!") with { ReportsIds = false };
        (await exchange.VerifyAsync("--against", _server.Url, "--delivery", "sse")).Is(
            12,
            "INCONCLUSIVE",
            "no tokens tell"
        );
    }

    [Fact]
    public async Task An_answer_that_broke_off_is_incomplete_and_its_tokens_are_compared()
    {
        _server.Script = _ => ScriptedAnswer.Paris with { BreaksAfter = 3 };
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, Stream);
        string receipt = exchange.Write(
            "receipt.json",
            (await _server.Api.GetAsync($"/v1/receipts/{exchange.ReceiptId}")).Body
        );
        string[] arguments =
        [
            "--key",
            exchange.KeyFile,
            "--request",
            exchange.RequestFile,
            "--response",
            exchange.AnswerFile,
        ];
        (await RecordedExchange.VerifyAsync(receipt, arguments))
            .Is(14, "INCOMPLETE", "the answer broke off")
            .Has("inclusion", "ok");

        _server.Script = _ => ScriptedAnswer.Paris;
        arguments = [.. arguments, "--against", _server.Url];
        (await RecordedExchange.VerifyAsync(receipt, arguments)).Is(
            14,
            "INCOMPLETE",
            "its tokens are the first ones of the replay"
        );
        _server.Script = _ => ScriptedAnswer.Paris.With(2, 77, " was");
        (await RecordedExchange.VerifyAsync(receipt, arguments)).Is(
            14,
            "INCOMPLETE",
            "its tokens are not the first ones of the replay"
        );
        _server.Status = 503;
        (await RecordedExchange.VerifyAsync(receipt, arguments)).Is(
            14,
            "INCOMPLETE",
            "gave none to compare it with: it answers 503"
        );
    }

    [Theory]
    [InlineData(401, "; give an API key that it accepts")]
    [InlineData(429, "; it is busy: try again later")]
    [InlineData(500, "")]
    [InlineData(503, "; try again when GET /health of the server is 200")]
    public async Task A_server_that_answers_with_an_error_is_unreachable(int status, string remedy)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Status = status;
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            15,
            "UNREACHABLE",
            $"{_server.Url} gave no usable answer: it answers {status}: No{remedy}"
        );
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task A_server_that_does_not_take_the_request_shows_nothing(int status)
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        _server.Instead[ApiClient.Chat] = (status, """{"error":{"message":"No."}}""");
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            12,
            "INCONCLUSIVE",
            $"{_server.Url} does not compute it: it answers {status}: No; it does not serve this request: name a server "
                + "with the model and engine of the receipt"
        );
    }

    [Fact]
    public async Task A_server_that_is_not_there_or_does_not_answer_in_time_is_unreachable()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        (await exchange.VerifyAsync("--against", $"http://127.0.0.1:{FreePort.Next()}")).Is(
            15,
            "UNREACHABLE",
            "it can't be reached (Connection refused"
        );
        _server.IsSilent = true;
        (await exchange.VerifyAsync("--against", _server.Url, "--timeout", "1")).Is(
            15,
            "UNREACHABLE",
            "it did not answer within 1 s; give it more time"
        );
    }

    [Fact]
    public async Task A_replay_that_breaks_off_is_no_answer()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server, Stream);
        _server.Script = _ => ScriptedAnswer.Paris with { BreaksAfter = 2 };
        (await exchange.VerifyAsync("--against", _server.Url)).Is(15, "UNREACHABLE", "the connection broke off");
        _server.Script = _ => ScriptedAnswer.Paris with { Finish = "abort" };
        (await exchange.VerifyAsync("--against", _server.Url)).Is(15, "UNREACHABLE", "its answer broke off");
        int answers = _server.Requests.Count;
        _server.Script = i => ScriptedAnswer.Paris.With(2, 77, " was") with { BreaksAfter = i == answers ? null : 1 };
        (await exchange.VerifyAsync("--against", _server.Url)).Is(
            15,
            "UNREACHABLE",
            $"{_server.Url} gave no usable answer after 1 answer that differs: the connection broke off"
        );
    }

    [Fact]
    public async Task The_server_gets_the_key_for_it()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        await exchange.VerifyAsync("--against", _server.Url, "--api-key", "secret");
        Assert.Equal("Bearer secret", _server.Requests[^1].Authorization);
    }
}
