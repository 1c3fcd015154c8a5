using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Signing;

/// <summary>A server whose key a program has: samples/node/signer.mjs, and one that signs nothing.</summary>
public sealed class SignerSampleTests : IDisposable
{
    private readonly TestSigner _program = new();

    /// <summary>The family has every process that a server has started, the program too.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_sample_signs_for_a_server_and_ends_with_it(bool isKilled)
    {
        Assert.SkipWhen(OwnerProcess.Find("node") is null, "skipped: needs Node");
        await using ServeProcess server = await ServeAsync([
            "node",
            Path.Combine(RepositoryFiles.Root, "samples/node/signer.mjs"),
            _program.KeyFile,
        ]);
        var key = NoteKey.Parse((string)(await server.Api.GetAsync("/v1/receipts/key")).Json["vkey"]!);
        Assert.Equal(_program.Key.PublicKey.KeyId, key.Key.KeyId);
        for (int i = 0; i < 3; i++)
            Assert.NotNull((await AskAsync(server)).Json["determinism"]!["proof"]);
        string checkpoint = (await server.Api.GetAsync("/v1/log/checkpoint")).Body;
        Assert.True(Checkpoint.Verify(checkpoint, key).Size >= 4);
        if (isKilled)
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
        else
            await StopAsync(server);
        await server.Family.GoneAsync();
    }

    [Fact]
    public async Task A_server_whose_program_signs_nothing_says_so_and_goes_on_once_it_does()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        await using ServeProcess server = await ServeAsync(_program.Command);
        Assert.NotNull((await AskAsync(server)).Json["determinism"]!["proof"]);
        _program.Behaviour = "error";
        Assert.Equal("log_unavailable", (string?)(await AskAsync(server)).Json["determinism"]!["error"]);
        Reply health = await server.Api.GetAsync("/health");
        Assert.Equal(
            ("unavailable", $"{_program.Name} says: the card is \\u001b[31mlocked"),
            ((string)health.Json["receipts"]!["status"]!, (string)health.Json["receipts"]!["detail"]!)
        );
        _program.Behaviour = "";
        await Limits.UntilAsync(
            async () => (await AskAsync(server)).Json["determinism"]!["proof"] is not null,
            () => "There is no receipt."
        );
        await StopAsync(server);
        await server.Family.GoneAsync();
    }

    public void Dispose() => _program.Dispose();

    private static Task<ServeProcess> ServeAsync(IEnumerable<string> command) =>
        ServeProcess.EmbeddedAsync(TestModels.Chat, "--signer-command", WordsValue.Array(command));

    private static async Task StopAsync(ServeProcess server)
    {
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    private static Task<Reply> AskAsync(ServeProcess server) =>
        server.Api.PostAsync(
            ApiClient.Chat,
            """{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":3}"""
        );
}
