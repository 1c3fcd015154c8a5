using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// What honest holders have of honest answers: kept by editors and client libraries, written anew by routers, cut off.
/// None of it is TAMPERED.
/// </summary>
public sealed class HonestShapesTests
{
    private const int Valid = 0,
        Inconclusive = 12,
        Incomplete = 14;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static TheoryData<string> Streams => [.. Names(isStream: true)];

    public static TheoryData<string> Objects => [.. Names(isStream: false)];

    [Theory]
    [MemberData(nameof(Streams))]
    public void A_stream_may_lose_its_last_line_ends_or_have_those_of_Windows(string name)
    {
        foreach (ExchangeForm form in Enum.GetValues<ExchangeForm>())
        {
            if (form == ExchangeForm.Bundle)
                continue;
            Require(name, form, text => text.TrimEnd('\n'));
            Require(name, form, text => text.TrimEnd('\n') + "\n");
            Require(name, form, text => text.Replace("\n", "\r\n", StringComparison.Ordinal));
            Require(name, form, text => "retry: 1000\n: ping\n\n" + text);
        }
    }

    /// <summary>Where a recording broke off, what is there is not enough to accuse anybody.</summary>
    [Theory]
    [MemberData(nameof(Streams))]
    public void A_recording_that_broke_off_accuses_nobody(string name)
    {
        string text = HonestAnswers.All[name].AnswerText();
        int[] ends = [.. Enumerable.Range(0, text.Length).Where(i => text[i] == '\n')];
        // Behind each line, and in the middle of each.
        int[] cuts =
        [
            .. ends.SelectMany(end => (int[])[end + 1, Math.Max(1, end - 7)]).Where(cut => cut < text.Length),
        ];
        foreach (int cut in cuts)
        {
            Exchange exchange = HonestAnswers.All[name].Copy();
            exchange.Form = ExchangeForm.Separate;
            exchange.OnText(whole => whole[..cut]);
            int exitCode = VerifierAdapter.Verify(exchange.Files()).ExitCode;
            Assert.True(
                exitCode is Inconclusive or Incomplete
                    || text[..cut].Contains("data: [DONE]", StringComparison.Ordinal),
                $"{name} cut at {cut}: {VerifierAdapter.Verify(exchange.Files())}"
            );
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void A_stream_that_a_client_library_put_together_is_the_same_answer(string name)
    {
        // Half of a pair in an event is an error to clients on .NET.
        if (name == "stream-unicode")
            return;
        Exchange exchange = HonestAnswers.All[name].Copy();
        exchange.Form = ExchangeForm.Separate;
        string[] events =
        [
            .. exchange
                .AnswerText()
                .Split('\n')
                .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
                .Select(line => line["data: ".Length..])
                .TakeWhile(data => data != "[DONE]"),
        ];
        exchange.OnText(_ => AssembledAnswer.Of(events));
        GivenVerdict verdict = VerifierAdapter.Verify(exchange.Files());
        Assert.True(verdict.ExitCode == (name == "stream-broken" ? Incomplete : Valid), $"{verdict}");
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void An_answer_may_be_written_anew(string name)
    {
        Require(name, ExchangeForm.Separate, text => JsonNode.Parse(text)!.ToJsonString(Indented));
        Require(name, ExchangeForm.Separate, text => JsonNode.Parse(text)!.ToJsonString());
        Require(name, ExchangeForm.Carried, text => JsonNode.Parse(text)!.ToJsonString(Indented) + "\n");
        Require(name, ExchangeForm.Carried, text => "\uFEFF" + text);
        // As typed objects keep it: without what they don't know, with null for what is not there.
        Require(
            name,
            ExchangeForm.Carried,
            text =>
            {
                JsonObject answer = JsonNode.Parse(text)!.AsObject();
                foreach (string member in (string[])["usage", "system_fingerprint", "environment", "service_tier"])
                    answer.Remove(member);
                answer["prompt_logprobs"] = null;
                foreach (JsonObject choice in answer["choices"]!.AsArray().OfType<JsonObject>())
                {
                    choice.Remove("token_ids");
                    choice["stop_reason"] = null;
                    if (choice["message"] is not JsonObject message)
                        continue;
                    foreach (string member in (string[])["refusal", "annotations", "audio", "function_call"])
                    {
                        if (!message.ContainsKey(member))
                            message[member] = member == "annotations" ? new JsonArray() : null;
                    }
                }
                return answer.ToJsonString();
            }
        );
    }

    [Theory]
    [MemberData(nameof(Streams))]
    [MemberData(nameof(Objects))]
    public void A_request_may_be_written_anew_by_a_router(string name)
    {
        JsonObject sent = JsonNode.Parse(HonestAnswers.All[name].Request.ToString())!.AsObject();
        JsonObject routed = new(
            sent.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
        );
        foreach (string member in (string[])["no_stop_trim", "ignore_eos", "return_hidden_states"])
            routed[member] = false;
        routed["skip_special_tokens"] = true;
        routed["stop"] = null;
        routed["user"] = "router";
        if (!routed.ContainsKey("stream"))
            routed["stream"] = false;
        RequireRequest(name, routed.ToJsonString(Indented), Valid);
        // One that drops what it does not know: the holder's own request has a member more than the sealed one.
        routed["a_member_of_tomorrow"] = 1;
        RequireRequest(name, routed.ToJsonString(), Inconclusive);
    }

    private static void RequireRequest(string name, string request, int exitCode)
    {
        Exchange exchange = HonestAnswers.All[name].Copy();
        GivenFiles files = exchange.Files() with { Request = Encoding.UTF8.GetBytes(request) };
        GivenVerdict verdict = VerifierAdapter.Verify(files);
        Assert.True(verdict.ExitCode == (name == "stream-broken" ? Incomplete : exitCode), $"{name}: {verdict}");
    }

    private static void Require(string name, ExchangeForm form, Func<string, string> keep)
    {
        Exchange exchange = HonestAnswers.All[name].Copy();
        exchange.Form = form;
        exchange.OnText(keep);
        GivenVerdict verdict = VerifierAdapter.Verify(exchange.Files());
        Assert.True(verdict.ExitCode == (name == "stream-broken" ? Incomplete : Valid), $"{name}, {form}: {verdict}");
    }

    private static IEnumerable<string> Names(bool isStream) =>
        HonestAnswers.All.Where(answer => answer.Value.Events is not null == isStream).Select(answer => answer.Key);
}
