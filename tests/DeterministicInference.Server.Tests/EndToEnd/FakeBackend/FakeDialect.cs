using DeterministicInference.Receipts.Tests.Answers;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>How FakeBackend is started as one of the engines that it stands for.</summary>
internal static class FakeDialect
{
    public const string SGLang = "sglang",
        Vllm = "vllm",
        Tgi = "tgi",
        LlamaCpp = "llamacpp";

    /// <summary>The engine in its deterministic configuration, where it has one.</summary>
    public static Task<FakeBackendProcess> StartAsync(
        string dialect,
        string[]? own = null,
        params (string Name, string Value)[] environment
    ) =>
        dialect switch
        {
            SGLang => FakeBackendProcess.StartDialectAsync(
                [
                    "-m",
                    "sglang.launch_server",
                    "--model-path",
                    "org/m",
                    "--port",
                    "0",
                    "--enable-deterministic-inference",
                    .. own ?? [],
                ],
                environment
            ),
            Vllm => FakeBackendProcess.StartDialectAsync(
                ["serve", "org/m", "--host", "127.0.0.1", "--port", "0", .. own ?? []],
                [("VLLM_BATCH_INVARIANT", "1"), .. environment]
            ),
            LlamaCpp => FakeBackendProcess.StartDialectAsync(
                ["-m", "m.gguf", "-a", "NAME", "--port", "0", "-np", "1", "--no-cache-prompt", .. own ?? []],
                environment
            ),
            _ => FakeBackendProcess.StartDialectAsync(
                ["--port", "0", .. own ?? []],
                [("FAKE_DIALECT", Tgi), .. environment]
            ),
        };

    /// <summary>What was recorded of a real engine. Skips the running test where there is nothing.</summary>
    public static Task<FakeBackendProcess> ReplayAsync(string dialect) =>
        FakeBackendProcess.StartDialectAsync(
            dialect == Vllm ? ["serve", "demo", "--port", "0"] : ["--model-path", "demo", "--port", "0"],
            ("FAKE_REPLAY", EngineRecordings.RequireFolder(dialect))
        );

    /// <summary>The texts of a completion's choices.</summary>
    public static async Task<string[]> TextsAsync(this FakeBackendProcess fake, string json) =>
        [.. ChoiceText.Of(await fake.Api.JsonAsync(ApiClient.Completions, json)).Select(choice => choice.Text)];

    /// <summary>The text of a completion's only choice.</summary>
    public static async Task<string> TextAsync(this FakeBackendProcess fake, string json) =>
        (await fake.TextsAsync(json)).Single();

    /// <summary>Waits until so many requests are at work.</summary>
    public static async Task IsRunningAsync(this FakeBackendProcess fake, int count)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        while ((await fake.Api.GetAsync("/__fake/running")).Body != $"{count}")
            limit.Token.ThrowIfCancellationRequested();
    }

    /// <summary>The whole body of a stream, as it came.</summary>
    public static async Task<string> StreamTextAsync(this FakeBackendProcess fake, string path, string json)
    {
        Reply reply = await fake.Api.PostAsync(path, json);
        Xunit.Assert.True(reply.Status == System.Net.HttpStatusCode.OK, reply.Body);
        return reply.Body;
    }
}
