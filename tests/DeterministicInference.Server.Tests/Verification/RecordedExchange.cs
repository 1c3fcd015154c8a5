using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Models;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>A request and its answer in files, as a client keeps them, and the commands on them.</summary>
internal sealed class RecordedExchange
{
    public const string Question = """{"model":"gpt","messages":[{"role":"user","content":"What is the capital of France?"}],"user":"u1"}""";

    private readonly string _folder = TestModels.NewFolder("exchange");

    private RecordedExchange(string request, string answer, string receiptId)
    {
        (RequestFile, AnswerFile, KeyFile, ReceiptId) = (Write("request.json", request), Write("answer", answer), Path.Combine(_folder, "key.pem"), receiptId);
    }

    public string RequestFile { get; }

    public string AnswerFile { get; }

    /// <summary>The key of the server that answered.</summary>
    public string KeyFile { get; }

    public string ReceiptId { get; }

    /// <summary>The whole answer as text.</summary>
    public string Answer => File.ReadAllText(AnswerFile);

    /// <summary>The receipt that stands in a JSON answer.</summary>
    public JsonObject Receipt => JsonNode.Parse(Answer)!["determinism"]!.AsObject();

    /// <summary>Asks, and keeps what comes, also of a stream that breaks.</summary>
    public static async Task<RecordedExchange> AskAsync(IssuingServer server, string body = Question, string path = ApiClient.Chat)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using HttpResponseMessage response = await server.Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        HttpResponseHeaders headers = response.Headers;
        using var answer = new MemoryStream();
        try
        {
            await response.Content.CopyToAsync(answer, TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            // It broke; what came is kept.
        }
        string id = headers.TryGetValues("X-Receipt-Id", out IEnumerable<string>? ids) ? ids.Single() : "";
        var exchange = new RecordedExchange(body, Encoding.UTF8.GetString(answer.ToArray()), id);
        File.WriteAllText(exchange.KeyFile, server.Key.PublicKey.ToPem());
        return exchange;
    }

    /// <summary>Verifies the answer with its request and the server's key.</summary>
    public Task<Verified> VerifyAsync(params string[] arguments) => VerifyAsync(AnswerFile, ["--request", RequestFile, "--key", KeyFile, .. arguments]);

    /// <summary>Verifies a file.</summary>
    public static async Task<Verified> VerifyAsync(string file, params string[] arguments) =>
        new(await ServerProgram.Built.RunAsync(["verify", file, .. arguments]), await ServerProgram.Built.RunAsync(["verify", file, .. arguments, "--json"]));

    /// <summary>Verifies a file once: a replay is counted.</summary>
    public async Task<JsonObject> JsonAsync(params string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", AnswerFile, "--request", RequestFile, "--key", KeyFile, "--json", .. arguments]);
        Assert.Equal("", result.Error);
        JsonObject json = JsonNode.Parse(result.Output)!.AsObject();
        Assert.Equal(result.ExitCode, (int)json["exit_code"]!);
        return json;
    }

    /// <summary>Makes a bundle.</summary>
    public async Task<string> ExportAsync(params string[] arguments)
    {
        string bundle = Path.Combine(_folder, "bundle.json");
        CommandResult result = await ServerProgram.Built.RunAsync(["receipts", "export", "--answer", AnswerFile, "--request", RequestFile, "-o", bundle, .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.StartsWith($"{bundle}: receipt {ReceiptId}", result.Output, StringComparison.Ordinal);
        return bundle;
    }

    /// <summary>Writes another file beside them.</summary>
    public string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Another answer file, made of this one.</summary>
    public string WithAnswer(Func<string, string> change)
    {
        string changed = change(Answer);
        Assert.NotEqual(Answer, changed);
        return Write("changed", changed);
    }
}

/// <summary>What <c>verify</c> says, to people and to programs.</summary>
internal sealed record Verified(CommandResult Text, CommandResult Programs)
{
    public string FirstLine => Text.Output.Split('\n')[0];

    public JsonObject Json => JsonNode.Parse(Programs.Output)!.AsObject();

    /// <summary>Both say this.</summary>
    public Verified Is(int exitCode, string verdict, string reason)
    {
        Assert.True(exitCode == Text.ExitCode, Text.Output + Text.Error);
        Assert.Equal((exitCode, verdict, exitCode), (Programs.ExitCode, (string)Json["verdict"]!, (int)Json["exit_code"]!));
        Assert.Contains(reason, (string)Json["reason"]!, StringComparison.Ordinal);
        Assert.StartsWith(verdict, FirstLine, StringComparison.Ordinal);
        Assert.Contains(reason, FirstLine, StringComparison.Ordinal);
        Assert.Equal(("", ""), (Text.Error, Programs.Error));
        return this;
    }

    /// <summary>A line of the report.</summary>
    public Verified Has(string name, string value)
    {
        Assert.Contains(Text.Output.Split('\n'), line => line.StartsWith(name.PadRight(18), StringComparison.Ordinal) && line[18..].Contains(value, StringComparison.Ordinal));
        return this;
    }

    /// <summary>How a check went.</summary>
    public string Check(string name) => (string)Json["checks"]!.AsArray().Single(check => (string?)check!["check"] == name)!["outcome"]!;
}
