using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Tests.Receipts.Signing;
using DeterministicInference.Server.Tests.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli;

/// <summary>The commands of <c>receipts</c> on logs whose keys programs have.</summary>
public sealed class SignerCommandTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly TestSigner _program = new(),
        _other = new();

    public SignerCommandTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");

    [Fact]
    public async Task A_log_is_begun_shown_checked_and_moved_to_another_program()
    {
        string vkey = (await SucceedsAsync("init", "--signer-command", Words(_program)))[^1];
        Assert.Equal(_program.Key.PublicKey.KeyId, NoteKey.Parse(vkey).Key.KeyId);
        NewReceipt receipt;
        await using (ReceiptStore store = _folder.Open(settings => settings with { SignerCommand = _program.Command }))
            receipt = (await _folder.AppendAsync(store, 1))[0];
        await SucceedsAsync("check");
        await SucceedsAsync("show", receipt.ReceiptId);
        string[] envelope = await SucceedsAsync(
            "show",
            receipt.ReceiptId,
            "--dsse",
            "--signer-command",
            Words(_program)
        );
        Assert.True(DsseEnvelope.FromJson(Encoding.UTF8.GetBytes(envelope[0])).IsSignedBy(_program.Key.PublicKey));
        Assert.Contains(
            $"error: --signer-command: a signature is needed by the key {_program.Key.PublicKey.KeyId} of ",
            await FailsAsync(1, "show", receipt.ReceiptId, "--dsse"),
            StringComparison.Ordinal
        );

        vkey = (
            await SucceedsAsync(
                "rotate",
                "--current-signer-command",
                Words(_program),
                "--signer-command",
                Words(_other)
            )
        )[^1];
        Assert.Equal(_other.Key.PublicKey.KeyId, NoteKey.Parse(vkey).Key.KeyId);
        Assert.Equal(2, (await SucceedsAsync("check")).Length);
        Assert.Empty(Directory.GetFiles(_folder.Path, "signing-key*", SearchOption.AllDirectories));
        foreach (int pid in (int[])[.. _program.Started, .. _other.Started])
            await TestSigner.GoneAsync(pid);
    }

    [Fact]
    public async Task A_program_that_does_not_sign_is_named_and_changes_nothing()
    {
        await _folder.FillAsync(1);
        _program.Behaviour = "wrong";
        Assert.StartsWith(
            $"error: --signer-command: {_program.Name} has given a signature that is not by its key. Run the command by ",
            await FailsAsync(1, "rotate", "--signer-command", Words(_program)),
            StringComparison.Ordinal
        );
        // The log goes on.
        await _folder.FillAsync(1);
        _program.Behaviour = "";
        await SucceedsAsync("rotate", "--signer-command", Words(_program));
        await SucceedsAsync("check");
    }

    [Theory]
    [InlineData("", "names no program. Give a program, and its arguments if it needs any.")]
    [InlineData("[\"\", \"x\"]", "names no program. Give a program, and its arguments if it needs any.")]
    [InlineData("sign 'a b'", "is not a list of words. Give words between spaces or, where a word has spaces")]
    public async Task What_is_no_command_is_refused(string command, string why)
    {
        string init = await FailsAsync(2, "init", "--signer-command", command);
        Assert.Contains("--signer-command: ", init, StringComparison.Ordinal);
        Assert.Contains(why, init, StringComparison.Ordinal);
        CommandResult serve = await ServerProgram.Built.RunAsync([
            "--backend",
            "embedded",
            "--signer-command",
            command,
        ]);
        Assert.Equal(2, serve.ExitCode);
        Assert.Contains("--signer-command: ", serve.Error, StringComparison.Ordinal);
        Assert.Contains(why, serve.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_signs_nothing_is_refused() =>
        Assert.Contains(
            "--signer-command: only --dsse signs. Add it, or leave the command out.",
            await FailsAsync(2, "show", "1234", "--signer-command", "sign"),
            StringComparison.Ordinal
        );

    public void Dispose()
    {
        _folder.Dispose();
        _program.Dispose();
        _other.Dispose();
    }

    private static string Words(TestSigner program) => WordsValue.Array(program.Command);

    private Task<CommandResult> RunAsync(string[] arguments) =>
        ServerProgram.Built.RunAsync(["receipts", .. arguments, "--data-dir", _folder.Path]);

    /// <returns>The lines of its output.</returns>
    private async Task<string[]> SucceedsAsync(params string[] arguments)
    {
        CommandResult result = await RunAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.All(
            result.ErrorLines,
            line => Assert.StartsWith("Signer command: signer of ", line, StringComparison.Ordinal)
        );
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <returns>The error.</returns>
    private async Task<string> FailsAsync(int exitCode, params string[] arguments)
    {
        CommandResult result = await RunAsync(arguments);
        Assert.True(result.ExitCode == exitCode, result.Error);
        return exitCode == 2 ? result.Error : result.ErrorLines[^1];
    }
}
