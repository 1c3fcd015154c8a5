using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// Somebody between the samples and their server rewrites answers. What a sample prints as verified is what the server
/// has answered to that question, or nothing. Each question is the name of a forgery, so that one process of a sample
/// meets all of them.
/// </summary>
public sealed partial class ForgedAnswerTests : IAsyncLifetime
{
    /// <summary>Stands in everything that the server has not said.</summary>
    private const string False = "EVIL";

    private const string Call = "\"function\":{\"name\":\"map\"";

    private static readonly ScriptedAnswer Honest = ScriptedAnswer.Paris with
    {
        Reasoning = "A city.",
        Call = ("map", "{\"of\":\"Paris\"}"),
    };

    private static readonly string[] HonestLines =
    [
        "answer: The capital is Paris.",
        "reasoning: A city.",
        "tool.0.type: function",
        "tool.0.name: map",
        "tool.0.arguments: {\"of\":\"Paris\"}",
    ];

    private IssuingServer _server = null!,
        _forger = null!;

    /// <summary>To another question the server has answered what would be false here.</summary>
    private PassedAnswer _olderJson = null!,
        _olderStream = null!;

    public async ValueTask InitializeAsync()
    {
        (_server, _forger) = (await IssuingServer.StartAsync(), await IssuingServer.StartAsync());
        ScriptedAnswer evil = Honest.With(3, 99, " " + False);
        _forger.Script = _ => evil;
        _server.Script = i => i < 2 ? evil : Honest;
        const string Another = """{"messages":[{"role":"user","content":"Who is EVIL?"}],"return_token_ids":true""";
        _olderJson = await Middleman.AskAsync(_server.Api, Another + "}");
        _olderStream = await Middleman.AskAsync(_server.Api, Another + ",\"stream\":true}");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _forger.DisposeAsync();
    }

    [Fact]
    public Task Of_a_JSON_answer_nothing_false_is_printed_as_verified() => RequireHonestAsync(JsonForgeries());

    [Fact]
    public Task Of_a_stream_nothing_false_is_printed_as_verified() => RequireHonestAsync(StreamForgeries(), "--stream");

    /// <summary>Who has the answers signed with a key of their own convinces nobody who has the operator's.</summary>
    [Fact]
    public async Task Without_a_key_that_is_trusted_nothing_is_printed_as_verified()
    {
        foreach (CommandResult result in await BothAsync(_forger.Url, "Who?", []))
        {
            Assert.Equal(17, result.ExitCode);
            Assert.Empty(Verified(result.Output));
        }
    }

    private Dictionary<string, Forgery> JsonForgeries() =>
        new()
        {
            ["another text"] = Text("is Paris.", $"is {False}."),
            ["text behind"] = Text("Paris.\"", $"Paris. {False}\""),
            ["a character that is not seen"] = Text("is Paris.", "is Paris\u200b."),
            ["no text"] = Text("\"content\":\"The capital is Paris.\"", "\"content\":null"),
            ["text in parts"] = Text(
                "\"content\":\"The capital is Paris.\"",
                $"\"content\":[{{\"type\":\"text\",\"text\":\"{False}\"}}]"
            ),
            ["doubled text before"] = Text("\"content\":\"The", $"\"content\":\"{False}\",\"content\":\"The"),
            ["doubled text behind"] = Text("is Paris.\"", $"is Paris.\",\"content\":\"{False}\""),
            ["doubled text in another spelling"] = Text("is Paris.\"", $"is Paris.\",\"c\\u006fntent\":\"{False}\""),
            ["name in another case"] = Text("\"content\":\"The", $"\"Content\":\"{False}\",\"content\":\"The"),
            ["finish reason"] = Text("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\""),
            ["role"] = Text("\"role\":\"assistant\"", "\"role\":\"system\""),
            ["reasoning"] = Text("A city.", $"{False}."),
            ["reasoning by its other name"] = Text(
                "\"reasoning_content\":",
                $"\"reasoning\":\"{False}\",\"reasoning_content\":"
            ),
            ["no reasoning"] = Text("\"reasoning_content\":\"A city.\",", ""),
            ["name of a call"] = Text(Call, Call.Replace("map", False, StringComparison.Ordinal)),
            ["arguments of a call"] = Text("\\u0022:\\u0022Paris", $"\\u0022:\\u0022{False}"),
            ["kind of a call"] = Text("\"type\":\"function\"", "\"type\":\"custom\""),
            ["call added"] = Text(
                "\"tool_calls\":[{",
                $"\"tool_calls\":[{{\"index\":0,\"function\":{{\"name\":\"{False}\"}}}},{{"
            ),
            ["no call"] = new(a => a.With(ToolCalls().Replace(a.Body, ""))),
            ["choice added before"] = Text(
                "\"choices\":[{",
                $"\"choices\":[{{\"index\":0,\"message\":{{\"content\":\"{False}\"}}}},{{"
            ),
            ["choice added behind"] = Text(
                "}],\"prompt_token_ids\"",
                $"}},{{\"index\":1,\"message\":{{\"content\":\"{False}\"}}}}],\"prompt_token_ids\"",
                "}],\"usage\"",
                $"}},{{\"index\":1,\"message\":{{\"content\":\"{False}\"}}}}],\"usage\""
            ),
            ["choices twice"] = Text("\"choices\":[", $"\"choices\":[{{\"text\":\"{False}\"}}],\"choices\":["),
            ["error beside"] = Text("\"choices\":[", $"\"error\":{{\"message\":\"{False}\"}},\"choices\":["),
            ["refusal"] = Text("\"content\":\"The", $"\"refusal\":\"{False}\",\"content\":\"The"),
            ["citations"] = Text("\"content\":\"The", $"\"annotations\":[{{\"url\":\"{False}\"}}],\"content\":\"The"),
            ["log-probabilities"] = new(a =>
                a.With(
                    a.Body.Replace(
                        "\"finish_reason\":",
                        $"\"logprobs\":{{\"content\":[{{\"token\":\"{False}\",\"logprob\":-1}}]}},"
                            + "\"finish_reason\":",
                        StringComparison.Ordinal
                    )
                )
            ),
            ["model"] = Text("\"model\":\"tiny\"", $"\"model\":\"{False}\""),
            ["usage"] = Text("\"completion_tokens\":5", "\"completion_tokens\":6"),
            ["receipt of another answer"] = new(a => a.With(WithReceipt(a.Body, ReceiptOf(_olderJson.Body)))),
            ["answer to another question"] = new(_ => _olderJson),
            ["answer to another question, with salts of the answer alone"] = new(_ =>
                _olderJson.With(WithReceipt(_olderJson.Body, WithoutRequest(ReceiptOf(_olderJson.Body))))
            ),
            ["no receipt"] = new(a => a.With(Regex.Replace(a.Body, ",\"determinism\":.*", "}"))),
            ["two receipts"] = new(a => a.With($"{a.Body[..^1]},\"determinism\":{ReceiptOf(_olderJson.Body)}}}")),
            ["no salt"] = new(a => a.With(Salt().Replace(a.Body, ""))),
            ["receipt and text of another key"] = new(_ => null),
            ["receipt of another key"] = new(_ => null, KeepsText: true),
            ["another value behind"] = new(a => a.With(a.Body + _olderJson.Body)),
            ["a stream"] = new(_ => _olderStream),
            ["content type"] = new(a => a with { Type = "text/event-stream" }, IsHarmless: true),
            ["mark of the byte order"] = new(a => a.With("\uFEFF" + a.Body), IsHarmless: true),
            ["spelling of the text"] = Text("is Paris.\"", "is \\u0050aris.\"") with { IsHarmless = true },
            ["white space"] = Text("\"choices\":[", "\"choices\" :\r\n\t[") with { IsHarmless = true },
            ["nothing"] = new(a => a, IsHarmless: true),
        };

    private Dictionary<string, Forgery> StreamForgeries() =>
        new()
        {
            ["another text"] = Text("\" Paris\"", $"\" {False}\""),
            ["text moved"] = Text("\" is\"", "\" is Paris\"", "\" Paris\"", "\"\"") with { IsHarmless = true },
            ["event dropped"] = Events(events => [.. events[..3], .. events[4..]]),
            ["event repeated"] = Events(events => [.. events[..4], .. events[3..]]),
            ["events reordered"] = Events(events => [.. events[..2], events[3], events[2], .. events[4..]]),
            ["event added"] = Events(events => [.. events[..4], Delta(False), .. events[4..]]),
            ["event added at the end"] = Events(events => [.. events[..^1], Delta(False), events[^1]]),
            ["event behind [DONE]"] = Events(events => [.. events, Delta(False)]),
            ["[DONE] in the middle"] = Events(events => [.. events[..3], "data: [DONE]", .. events[3..]]),
            ["end cut off"] = Events(events => [.. events[..^1], events[^1].Split('\n')[0]]),
            ["the last words cut off"] = Events(events => [.. events[..3], events[^1]]),
            ["cut within an event"] = new(a => a.With(a.Body[..(a.Body.Length / 3)])),
            ["finish reason"] = Text("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\""),
            ["two finish reasons"] = Events(events =>
                [.. events[..^1], events[^2].Replace("\"stop\"", "\"length\"", StringComparison.Ordinal), events[^1]]
            ),
            ["another choice"] = Events(events =>
                [events[0], events[1].Replace("\"index\":0", "\"index\":1", StringComparison.Ordinal), .. events[2..]]
            ),
            ["role"] = Events(events =>
                [
                    .. events[..4],
                    events[4].Replace("\"content\"", "\"role\":\"system\",\"content\"", StringComparison.Ordinal),
                    .. events[5..],
                ]
            ),
            ["reasoning"] = Text("A city.", $"{False}."),
            ["reasoning added"] = Text("\" is\"", $"\" is\",\"reasoning\":\"{False}\""),
            ["arguments of a call"] = Text("\\u0022:\\u0022Paris", $"\\u0022:\\u0022{False}"),
            ["refusal"] = Text("\" is\"", $"\" is\",\"refusal\":\"{False}\""),
            ["doubled text"] = Text("\"content\":\" is\"", $"\"content\":\"{False}\",\"content\":\" is\""),
            ["name in another case"] = Text("\"content\":\" is\"", $"\"Content\":\"{False}\",\"content\":\" is\""),
            ["error"] = Events(events => [.. events[..3], $"data: {{\"error\":\"{False}\"}}", .. events[3..]]),
            ["event of another name"] = Events(events => [events[0], "event: error\n" + events[1], .. events[2..]]),
            ["two lines of data"] = Events(events => [events[0], $"{events[1]}\n{Delta(False)}", .. events[2..]]),
            ["line that is none"] = Events(events => [events[0], $"{False}\n{events[1]}", .. events[2..]]),
            ["carriage return alone"] = Events(events => [events[0], $": x\r{Delta(False)}\r\r", .. events[1..]]),
            ["mark of the byte order"] = new(a => a.With("\uFEFF" + a.Body)),
            ["model"] = Events(events =>
                [.. events[..3], $"data: {{\"model\":\"{False}\",\"choices\":[]}}", .. events[3..]]
            ),
            ["usage"] = Events(events =>
                [.. events[..^1], "data: {\"choices\":[],\"usage\":{\"completion_tokens\":6}}", events[^1]]
            ),
            ["receipt of another answer"] = new(a => a.With(WithReceiptLine(a.Body, LineOf(_olderStream.Body)))),
            ["answer to another question"] = new(_ => _olderStream),
            ["answer to another question, with salts of the answer alone"] = new(_ =>
                _olderStream.With(WithReceiptLine(_olderStream.Body, WithoutRequest(LineOf(_olderStream.Body))))
            ),
            ["two receipts"] = Events(events =>
                [.. events[..^1], $": dis-receipt {LineOf(_olderStream.Body)}\n{events[^1]}"]
            ),
            ["no receipt"] = new(a => a.With(ReceiptLine().Replace(a.Body, ""))),
            ["receipt and text of another key"] = new(_ => null),
            ["receipt of another key"] = new(_ => null, KeepsText: true),
            ["JSON"] = new(_ => _olderJson),
            ["nothing at all"] = new(a => a.With("")),
            ["a comment with a separator of lines"] = Events(events =>
                [$": x\u2028{Delta(False)}\u2028\u2028", .. events]
            ),
            ["line ends of another kind"] = new(
                a => a.With(a.Body.Replace("\n", "\r\n", StringComparison.Ordinal)),
                IsHarmless: true
            ),
            ["no space behind data:"] = new(
                a => a.With(a.Body.Replace("data: {", "data:{", StringComparison.Ordinal)),
                IsHarmless: true
            ),
            ["comments"] = Events(events => [": keep-alive", .. events]) with { IsHarmless = true },
            ["nothing"] = new(a => a, IsHarmless: true),
        };

    private async Task RequireHonestAsync(Dictionary<string, Forgery> forgeries, params string[] more)
    {
        Assert.True(forgeries.Count >= 30);
        var made = new ConcurrentBag<string>();
        await using Middleman middleman = await Middleman.StartAsync(
            _server.Url,
            async (question, request, answer) =>
            {
                Forgery forgery = forgeries[question];
                PassedAnswer? other = forgery.Make(answer);
                if (other is null)
                {
                    other = await Middleman.AskAsync(_forger.Api, request);
                    if (forgery.KeepsText)
                        other = answer.With(
                            more.Length > 0
                                ? WithReceiptLine(answer.Body, LineOf(other.Body))
                                : WithReceipt(answer.Body, ReceiptOf(other.Body))
                        );
                }
                if (other != answer || question == "nothing")
                    made.Add(question);
                return other;
            }
        );
        string key = Path.Combine(TestModels.NewFolder("sample"), "key.txt");
        await File.WriteAllTextAsync(key, _server.LogKey.ToString(), TestContext.Current.CancellationToken);
        CommandResult[] results = await BothAsync(middleman.Url, "-", [key, .. more], [.. forgeries.Keys]);
        Assert.Equal(forgeries.Keys.SelectMany(name => Enumerable.Repeat(name, results.Length)).Order(), made.Order());
        var wrong = new List<string>();
        for (int i = 0; i < results.Length; i++)
        {
            bool isNode = i == 1;
            Assert.True(results[i].Error.Length == 0, results[i].Error);
            Assert.NotEqual(0, results[i].ExitCode);
            string[] parts = results[i].Output.Split("? ", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(forgeries.Keys, parts.Select(part => part.Split('\n')[0]));
            foreach ((string name, string part) in forgeries.Keys.Zip(parts))
            {
                string[] verified = Verified(part);
                Forgery forgery = forgeries[name];
                string[] expected = forgery.IsHarmless ? HonestLines : [];
                if (!verified.SequenceEqual(expected))
                    wrong.Add($"{(isNode ? "Node" : "C#")}, {part}");
            }
        }
        Assert.True(wrong.Count == 0, string.Concat(wrong));
    }

    /// <summary>What a sample prints as verified.</summary>
    private static string[] Verified(string output) => [.. VerifiedLine().Matches(output).Select(line => line.Value)];

    private static Task<CommandResult[]> BothAsync(
        string url,
        string question,
        string[] more,
        params string[] questions
    )
    {
        string input = string.Concat(questions.Select(line => line + "\n"));
        Task<CommandResult> csharp = InstalledProgram.RunWithInputAsync(
            ServerProgram.Built.File,
            input,
            [Path.Combine(AppContext.BaseDirectory, "ReceiptSample.dll"), url, question, .. more]
        );
        return OwnerProcess.Find("node") is not { } node
            ? Task.WhenAll(csharp)
            : Task.WhenAll(
                csharp,
                InstalledProgram.RunWithInputAsync(
                    node,
                    input,
                    [Path.Combine(RepositoryFiles.Root, "samples", "node", "receipt.mjs"), url, question, .. more]
                )
            );
    }

    /// <param name="changes">What is replaced and by what, of which the first is there at least.</param>
    private static Forgery Text(params string[] changes) =>
        new(answer =>
            answer.With(
                changes
                    .Chunk(2)
                    .Aggregate(
                        answer.Body,
                        (body, change) => body.Replace(change[0], change[1], StringComparison.Ordinal)
                    )
            )
        );

    private static Forgery Events(Func<string[], string[]> change) =>
        new(answer =>
            answer.With(
                string.Concat(
                    change(answer.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)).Select(e => e + "\n\n")
                )
            )
        );

    private static string Delta(string text) =>
        $"data: {{\"id\":\"x-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}";

    private static string ReceiptOf(string json) => JsonNode.Parse(json)!["determinism"]!.ToJsonString();

    private static string WithReceipt(string json, string receipt) =>
        $"{json[..json.IndexOf(",\"determinism\":", StringComparison.Ordinal)]},\"determinism\":{receipt}}}";

    private static string LineOf(string stream) => ReceiptLine().Match(stream).Groups[1].Value;

    private static string WithReceiptLine(string stream, string receipt) =>
        ReceiptLine().Replace(stream, _ => $": dis-receipt {receipt}\n");

    private static string WithoutRequest(string receipt) =>
        Encoding.UTF8.GetString(Receipt.FromJson(Encoding.UTF8.GetBytes(receipt)).WithoutRequest().ToJson());

    [GeneratedRegex("^: dis-receipt (.*)\n", RegexOptions.Multiline)]
    private static partial Regex ReceiptLine();

    [GeneratedRegex(",\"tool_calls\":\\[.*?\\}\\}\\]")]
    private static partial Regex ToolCalls();

    [GeneratedRegex(",\"salt\":\"[^\"]*\"")]
    private static partial Regex Salt();

    [GeneratedRegex(@"^(answer|text|reasoning|refusal|role|call\.\w+|tool\.\d+\.\w+): .*$", RegexOptions.Multiline)]
    private static partial Regex VerifiedLine();

    /// <summary>What is made of an answer.</summary>
    /// <param name="Make">Makes it; null for what the forger's own server answers.</param>
    /// <param name="IsHarmless">It says the same: both samples print the honest text.</param>
    /// <param name="KeepsText">Of the forger's answer the receipt alone is taken.</param>
    private sealed record Forgery(
        Func<PassedAnswer, PassedAnswer?> Make,
        bool IsHarmless = false,
        bool KeepsText = false
    );
}
