using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// One weight of the model differs: if the server hashes it, the environment differs; if it changes after the hashing,
/// replays contradict.
/// </summary>
public sealed class ChangedWeightTests(SharedServers shared)
{
    private const string Request = """{"prompt":"Once upon a time","max_tokens":40,"temperature":1.2,"seed":5}""";

    [Fact]
    public async Task One_weight_on_disk_is_another_environment_and_names_the_weights()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            (await shared.ChatAsync()).Api,
            Request,
            ApiClient.Completions
        );
        await using ServeProcess other = await ServeProcess.EmbeddedAsync(WithChangedWeight());
        Verified verified = await exchange.VerifyAsync("--against", other.Url);
        Assert.True(verified.ExitCode == 12, verified.Text);
        Assert.Contains("environment", verified.FirstLine, StringComparison.Ordinal);
        string bundle = await exchange.ExportAsync("--url", (await shared.ChatAsync()).Url);
        (await RecordedExchange.VerifyAsync(bundle, "--key", exchange.KeyFile, "--against", other.Url)).Is(
            12,
            "INCONCLUSIVE",
            "model.sha256"
        );
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task One_weight_that_changes_after_the_hashing_is_a_contradiction_at_the_first_token_that_differs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs sh");
        ServeProcess honest = await shared.ChatAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(honest.Api, Request, ApiClient.Completions);
        // The server hashes the model that it is told; its engine loads another one.
        string wrapper = Path.Combine(TestModels.NewFolder("wrapper"), "engine");
        await File.WriteAllTextAsync(
            wrapper,
            $"#!/bin/sh\nshift 3\nexec '{ServerProgram.Built.File}' '{ServerProgram.Built.Leading[0]}' engine "
                + $"--model-path '{WithChangedWeight()}' \"$@\"\n",
            TestContext.Current.CancellationToken
        );
        File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using ServeProcess liar = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--backend-command", wrapper);
        Assert.Equal(
            (string?)(await honest.Api.GetAsync("/v1/environment")).Json["id"],
            (string?)(await liar.Api.GetAsync("/v1/environment")).Json["id"]
        );

        // Directly from the engines.
        uint[] right = await TokensAsync(honest.Engine),
            wrong = await TokensAsync(liar.Engine);
        int first = Enumerable.Range(0, Math.Min(right.Length, wrong.Length)).First(i => right[i] != wrong[i]);
        Verified verified = await exchange.VerifyAsync("--against", liar.Url);
        verified.Is(10, "CONTRADICTED", $"token {first} of choice 0").Has("in the replay", $"token id {wrong[first]}");
        (await exchange.VerifyAsync("--against", honest.Url)).Is(0, "REPRODUCED", "");
    }

    private static async Task<uint[]> TokensAsync(ApiClient engine) =>
        [
            .. (await engine.JsonAsync(ApiClient.Completions, Request[..^1] + ",\"return_token_ids\":true}"))[
                "choices"
            ]![0]!["token_ids"]!
                .AsArray()
                .Select(id => (uint)id!),
        ];

    /// <summary>
    /// A copy of the bundled model in which the sign of one weight of the final norm is the other one.
    /// </summary>
    internal static string WithChangedWeight()
    {
        string folder = TestModels.NewFolder("changed");
        foreach (string file in Directory.GetFiles(TestModels.Chat))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        string weights = Path.Combine(folder, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        JsonObject tensors = JsonNode.Parse(bytes.AsSpan(8, header))!.AsObject();
        JsonObject norm = tensors["model.norm.weight"]!.AsObject();
        Assert.Equal("BF16", (string?)norm["dtype"]);
        int at = 8 + header + (int)norm["data_offsets"]![0]!;
        bytes[at + 1] ^= 0x80;
        File.WriteAllBytes(weights, bytes);
        return folder;
    }
}
