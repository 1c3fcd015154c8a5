using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Output;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Issuing;

/// <summary>An answer with everything that a client has of it, checked with the library alone.</summary>
internal sealed record ReceivedAnswer(
    string Request,
    string Body,
    bool IsStream,
    HttpResponseHeaders Headers,
    string? Determinism
)
{
    public string ReceiptId => Assert.Single(Headers.GetValues("X-Receipt-Id"));

    public Receipt Receipt =>
        Receipt.FromJson(
            Encoding.UTF8.GetBytes(Determinism ?? throw new InvalidOperationException($"There is no receipt: {Body}"))
        );

    public ReceiptStatement Statement => StatementReader.Read(Receipt.Statement);

    public static async Task<ReceivedAnswer> AskAsync(
        ApiClient api,
        string path,
        string json,
        params IEnumerable<(string Name, string Value)> headers
    )
    {
        using HttpRequestMessage request = ApiClient.Post(path, json);
        foreach ((string name, string value) in headers)
            request.Headers.Add(name, value);
        return await AskAsync(api, request, json);
    }

    /// <param name="api">The server.</param>
    /// <param name="request">The request as it is sent.</param>
    /// <param name="json">Its JSON.</param>
    public static async Task<ReceivedAnswer> AskAsync(ApiClient api, HttpRequestMessage request, string json)
    {
        using HttpResponseMessage response = await api.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        bool isStream = response.Content.Headers.ContentType!.MediaType == "text/event-stream";
        string? line = body.Split('\n')
            .SingleOrDefault(line => line.StartsWith(": dis-receipt ", StringComparison.Ordinal))
            ?[": dis-receipt ".Length..];
        return new ReceivedAnswer(
            json,
            body,
            isStream,
            response.Headers,
            isStream ? line : JsonNode.Parse(body)!["determinism"]?.ToJsonString()
        );
    }

    /// <summary>The answer's canonical output, from the bytes that came.</summary>
    public OutputDigest Output(bool logprobs = false)
    {
        using var hasher = new HashedAnswer(logprobs);
        if (IsStream)
            Assert.True(hasher.AppendStream(Encoding.UTF8.GetBytes(Body)));
        else
            hasher.AppendAnswer(Encoding.UTF8.GetBytes(Body));
        return hasher.Finish();
    }

    /// <summary>Every check of signature and commitments passes.</summary>
    public async Task<ReceiptStatement> RequireValidAsync(ApiClient api, bool logprobs = false)
    {
        VerificationResult result = await VerifyAsync(api, logprobs);
        Assert.True(!result.Failures.Any(), string.Join('\n', result.Failures));
        Assert.Equal(ReceiptId, Statement.ReceiptId);
        return Statement;
    }

    /// <summary>Checks signature and commitments with the key and the environment that the server publishes.</summary>
    public async Task<VerificationResult> VerifyAsync(ApiClient api, bool logprobs = false)
    {
        JsonObject key = (await api.GetAsync("/v1/receipts/key")).Json;
        NoteKey trusted = NoteKey.Parse((string)key["vkey"]!);
        Reply environment = await api.GetAsync($"/v1/environment/{Statement.EnvironmentId}");
        return ReceiptExamination.Verify(
            new EvidenceReading(Receipt)
            {
                RequestBody = Encoding.UTF8.GetBytes(Request),
                Output = Output(logprobs),
                Environment = EnvironmentDocument.Read(Encoding.UTF8.GetBytes(environment.Body)),
            },
            trusted
        );
    }
}
