using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>A request and its answer in files, as a client keeps them, and the commands on them.</summary>
internal sealed class RecordedExchange
{
    public const string Question =
        """{"model":"gpt","messages":[{"role":"user","content":"What is the capital of France?"}],"user":"u1"}""";

    private readonly string _folder = TestModels.NewFolder("exchange");

    private RecordedExchange(string request, string answer, string receiptId)
    {
        (RequestFile, AnswerFile, KeyFile, ReceiptId) = (
            Write("request.json", request),
            Write("answer", answer),
            Path.Combine(_folder, "key.pem"),
            receiptId
        );
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

    /// <summary>Sends a request and keeps the answer, also of a stream that breaks.</summary>
    public static Task<RecordedExchange> AskAsync(
        IssuingServer server,
        string body = Question,
        string path = ApiClient.Chat
    ) => AskAsync(server.Api, server.LogKey.ToString(), body, path);

    /// <summary>Asks a server that tells its key.</summary>
    public static async Task<RecordedExchange> AskAsync(ApiClient api, string body, string path = ApiClient.Chat) =>
        await AskAsync(api, (string)(await api.GetAsync("/v1/receipts/key")).Json["vkey"]!, body, path);

    private static async Task<RecordedExchange> AskAsync(ApiClient api, string key, string body, string path)
    {
        using HttpRequestMessage request = ApiClient.Post(path, body);
        using HttpResponseMessage response = await api.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        using var answer = new MemoryStream();
        try
        {
            await response.Content.CopyToAsync(answer, TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            // The stream broke; the received part is kept.
        }
        string id = response.Headers.TryGetValues("X-Receipt-Id", out IEnumerable<string>? ids) ? ids.Single() : "";
        var exchange = new RecordedExchange(body, Encoding.UTF8.GetString(answer.ToArray()), id);
        await File.WriteAllTextAsync(exchange.KeyFile, key, TestContext.Current.CancellationToken);
        return exchange;
    }

    /// <summary>Verifies the answer with its request and the server's key.</summary>
    public Task<Verified> VerifyAsync(params string[] arguments) =>
        VerifyAsync(AnswerFile, ["--request", RequestFile, "--key", KeyFile, .. arguments]);

    /// <summary>Verifies a file, with the command line's own reading of its arguments.</summary>
    public static async Task<Verified> VerifyAsync(string file, params string[] arguments)
    {
        ParseResult parsed = VerifyCommand.Create().Parse([file, .. arguments]);
        Assert.Empty(parsed.Errors);
        return new Verified(
            await ReceiptVerification.RunAsync(
                VerifyCommand.Read(parsed),
                progress: null,
                TestContext.Current.CancellationToken
            )
        );
    }

    /// <summary>Makes a bundle.</summary>
    public async Task<string> ExportAsync(params string[] arguments)
    {
        string bundle = Path.Combine(_folder, "bundle.json");
        CommandResult result = await RunExportAsync(bundle, arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.StartsWith($"{bundle}: receipt {ReceiptId}", result.Output, StringComparison.Ordinal);
        return bundle;
    }

    /// <returns>Why no bundle was made.</returns>
    public async Task<string> ExportFailsAsync(params string[] arguments)
    {
        string bundle = Path.Combine(_folder, "none.json");
        CommandResult result = await RunExportAsync(bundle, arguments);
        Assert.NotEqual(0, result.ExitCode);
        Assert.False(File.Exists(bundle));
        return result.Error;
    }

    private Task<CommandResult> RunExportAsync(string bundle, string[] arguments) =>
        ServerProgram.Built.RunAsync([
            "receipts",
            "export",
            "--answer",
            AnswerFile,
            "--request",
            RequestFile,
            "-o",
            bundle,
            .. arguments,
        ]);

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
