using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>
/// HyperBEAM's devices get along with the server in front of every engine, and their users get receipts that hold.
/// </summary>
[Collection(DialectGroup.Name)]
public sealed class HyperBeamTests(DialectServers servers)
{
    /// <summary>Members that the devices set in an answer, whatever it had there.</summary>
    private static readonly string[] OfDevices =
    [
        "receipt",
        "attestation",
        "resolved_model",
        "ao-core",
        "data",
        "body",
    ];

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_relayed_answer_keeps_its_receipt_through_the_devices(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (JsonObject message in (JsonObject[])[Completion("relayed"), Chat("relayed")])
        {
            string path = message.ContainsKey("messages") ? ApiClient.Chat : ApiClient.Completions;
            string request = HyperBeamDevice.BodyOf(message, "tee");
            (int status, string type, string body) = await new HyperBeamDevice(server.Api.Url).RelayAsync(
                path + "?tee=true",
                request
            );
            Assert.Equal((200, "application/json"), (status, type));
            JsonObject decoded = JsonNode.Parse(body)!.AsObject();
            Assert.All(OfDevices, name => Assert.False(decoded.ContainsKey(name), name));
            Assert.NotEmpty(JsonNode.Parse((string)decoded["environment"]!)!.AsObject());

            // Maps of Erlang have no order, and each device adds its own.
            JsonObject encoded = Reversed(decoded).AsObject();
            encoded["receipt"] = new JsonObject { ["version"] = "inference_receipt@1.0" };
            encoded["attestation"] = "x";
            encoded["resolved_model"] = DialectServer.Model;
            string received = encoded.ToJsonString();
            Assert.NotEqual(body, received);
            await RequireValidAsync(server, request, received, encoded["determinism"]!.ToJsonString(), isStream: false);
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task A_request_for_a_proof_stays_with_the_server_and_texts_reach_the_engine_as_numbers(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        await new HyperBeamDevice(server.Api.Url).RelayAsync(
            ApiClient.Completions + "?tee=true",
            HyperBeamDevice.BodyOf(Completion("tee wish"), "tee")
        );
        JsonObject sent = await server.SentAsync("tee wish");
        Assert.False(sent.ContainsKey("tee"));
        Assert.Equal(
            ("12", "0.8", "7"),
            (sent["max_tokens"]!.ToJsonString(), sent["temperature"]!.ToJsonString(), sent["seed"]!.ToJsonString())
        );
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_stream_is_its_raw_bytes_with_the_receipt_and_without_trailers(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (JsonObject message in (JsonObject[])[Completion("streamed"), Chat("streamed")])
        {
            message["stream"] = "true";
            string request = HyperBeamDevice.BodyOf(message);
            string forwarded = await new HyperBeamDevice(server.Api.Url).StreamAsync(
                message.ContainsKey("messages") ? ApiClient.Chat : ApiClient.Completions,
                request
            );
            Assert.EndsWith("data: [DONE]\n\n", forwarded, StringComparison.Ordinal);
            string receipt = Assert.Single(
                forwarded.Split('\n'),
                line => line.StartsWith(": dis-receipt ", StringComparison.Ordinal)
            )[": dis-receipt ".Length..];
            await RequireValidAsync(server, request, forwarded, receipt, isStream: true);
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task A_stream_is_never_silent_for_as_long_as_the_device_waits(string dialect)
    {
        var defaults = new ServeOptions();
        // A part of it, as a busy machine may be late.
        Assert.All(
            (TimeSpan[])[defaults.StreamHeaderDelay, defaults.KeepAliveInterval],
            silence => Assert.InRange(silence, TimeSpan.Zero, HyperBeamDevice.Patience / 3)
        );

        DialectServer server = await servers.StartedAsync(dialect);
        JsonObject message = Chat("silent");
        message["stream"] = "true";
        message["fake"] = new JsonObject { ["gate"] = "device" };
        string body = await new HyperBeamDevice(server.Api.Url).StreamAsync(
            ApiClient.Chat,
            HyperBeamDevice.BodyOf(message, "fake"),
            () => server.OpenAsync("device")
        );
        Assert.Contains(": ka\n", body, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", body, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_prompt_that_is_posted_to_the_chat_route_is_completed(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        var device = new HyperBeamDevice(server.Api.Url);
        string request = HyperBeamDevice.BodyOf(Completion("to the chat route"));
        JsonObject chat = JsonNode.Parse((await device.RelayAsync(ApiClient.Chat, request)).Body)!.AsObject();
        JsonObject completion = JsonNode
            .Parse((await device.RelayAsync(ApiClient.Completions, request)).Body)!
            .AsObject();
        Assert.Equal("text_completion", (string?)chat["object"]);
        Assert.Equal(DialectRequest.TextOf(completion), DialectRequest.TextOf(chat));
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_refusal_is_reported_in_the_body_of_a_stream_too(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        JsonObject message = Chat("refused");
        message["temperature"] = "hot";
        message["stream"] = "true";
        (int status, string type, string body) = await new HyperBeamDevice(server.Api.Url).RelayAsync(
            ApiClient.Chat,
            HyperBeamDevice.BodyOf(message)
        );
        Assert.Equal((400, "application/json"), (status, type));
        Assert.Equal("temperature", (string?)JsonNode.Parse(body)!["error"]!["param"]);
    }

    private static JsonObject Completion(string prompt) => Message("prompt", prompt);

    private static JsonObject Chat(string prompt) =>
        Message("messages", new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt }));

    private static JsonObject Message(string name, JsonNode prompt) =>
        new()
        {
            ["model"] = DialectServer.Model,
            [name] = prompt,
            ["max_tokens"] = "12",
            ["temperature"] = "0.8",
            ["seed"] = "7",
            ["tee"] = true,
        };

    private static async Task RequireValidAsync(
        DialectServer server,
        string request,
        string body,
        string receipt,
        bool isStream
    )
    {
        // The device keeps no header, and the receipt has its id in itself.
        string id = StatementReader.Read(Receipt.FromJson(Encoding.UTF8.GetBytes(receipt)).Statement).ReceiptId;
        using var headers = new HttpResponseMessage(HttpStatusCode.OK);
        headers.Headers.Add("X-Receipt-Id", id);
        await new ReceivedAnswer(request, body, isStream, headers.Headers, receipt).RequireValidAsync(server.Api);
    }

    private static JsonNode Reversed(JsonNode node) =>
        node switch
        {
            JsonObject json => new JsonObject(
                json.Reverse()
                    .Select(member =>
                        KeyValuePair.Create(member.Key, member.Value is null ? null : Reversed(member.Value))
                    )
            ),
            JsonArray array => new JsonArray([.. array.Select(value => value is null ? null : Reversed(value))]),
            _ => node.DeepClone(),
        };
}
