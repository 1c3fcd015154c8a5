using System.Globalization;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// Every verdict, brought about by the command as a process: its first line and its exit code. The servers are real
/// ones with the embedded engine, but for verdicts that no honest server brings about.
/// </summary>
public sealed class ExitCodeTests(SharedServers shared) : IAsyncDisposable
{
    private const string France =
        """{"messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":8}""";

    private IssuingServer? _doubtful;

    public static TheoryData<Verdict> Verdicts => [.. Enum.GetValues<Verdict>()];

    public async ValueTask DisposeAsync()
    {
        if (_doubtful is not null)
            await _doubtful.DisposeAsync();
    }

    /// <summary>A verdict that is new needs a scenario here, and a row in docs/troubleshooting.md.</summary>
    [Theory]
    [MemberData(nameof(Verdicts))]
    public async Task The_verdict_is_the_exit_code_of_the_command(Verdict verdict)
    {
        (string firstLine, string[] arguments) = await ScenarioAsync(verdict);
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", .. arguments]);
        Assert.Equal(
            (firstLine, VerdictExitCode.Of(verdict), ""),
            (result.Output.Split('\n')[0], result.ExitCode, result.Error)
        );
        Assert.Equal(result.ExitCode, CodeInTheDocumentation(VerdictName.Of(verdict)));
    }

    [Fact]
    public async Task The_report_as_JSON_has_verdict_and_exit_code_too()
    {
        (_, string[] arguments) = await ScenarioAsync(Verdict.Contradicted);
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", .. arguments, "--json"]);
        int code = VerdictExitCode.Of(Verdict.Contradicted);
        Assert.Equal((code, ""), (result.ExitCode, result.Error));
        Assert.StartsWith(
            $"{{\"verdict\":\"CONTRADICTED\",\"exit_code\":{code},",
            result.Output,
            StringComparison.Ordinal
        );
    }

    /// <summary>One that is new is the worst until docs/determinism.md says where it belongs.</summary>
    [Fact]
    public void The_exit_code_of_a_folder_is_the_worst()
    {
        int[] order = [13, 10, 2, 21, 19, 17, 14, 20, 16, 12, 15, 11, 18, 0];
        Assert.Contains(
            string.Join(", ", order).Replace(" 2,", " 2 (for UNUSABLE),", StringComparison.Ordinal),
            RepositoryFiles.Read("docs/determinism.md"),
            StringComparison.Ordinal
        );
        Assert.All(Enum.GetValues<Verdict>(), verdict => Assert.Contains(VerdictExitCode.Of(verdict), order));
        for (int i = 0; i < order.Length; i++)
        {
            Assert.Equal(order[i], VerifyCommand.Worst(order[i..].Reverse()));
            Assert.Equal(99, VerifyCommand.Worst([order[i], 99]));
        }
    }

    /// <summary>A program that goes by the exit code takes no verdict for another, nor a failure for one.</summary>
    [Fact]
    public void Each_verdict_has_a_code_of_its_own()
    {
        Verdict[] good = [Verdict.Valid, Verdict.Reproduced];
        Assert.All(good, verdict => Assert.Equal(0, VerdictExitCode.Of(verdict)));
        int[] others = [.. Enum.GetValues<Verdict>().Except(good).Select(VerdictExitCode.Of)];
        Assert.Equal(others, others.Distinct());
        // 1 and 2 are those of a command that failed or was given something wrong, 128 and more those of signals.
        Assert.All(others, code => Assert.InRange(code, 10, 125));
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("verify answer.json --runs 2")]
    [InlineData("verify /nowhere/answer.json")]
    public async Task What_can_not_be_begun_is_2_and_has_no_verdict(string command)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(command.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
    }

    private static int CodeInTheDocumentation(string verdict) =>
        int.Parse(
            Regex
                .Match(
                    RepositoryFiles.Read("docs/troubleshooting.md"),
                    $@"^\| {verdict}(?: \(not replayed\))? \| (\d+) \| ",
                    RegexOptions.Multiline
                )
                .Groups[1]
                .Value,
            CultureInfo.InvariantCulture
        );

    private async Task<(string FirstLine, string[] Arguments)> ScenarioAsync(Verdict verdict) =>
        verdict switch
        {
            Verdict.Valid => ("VALID (not replayed)", await TrustedAsync()),
            Verdict.Reproduced => (
                "REPRODUCED: the same environment gives the same answer",
                [.. await TrustedAsync(), "--against", (await shared.ChatAsync()).Url]
            ),
            Verdict.Tampered => (
                "TAMPERED: the output is not the one that was sealed",
                await ChangedAsync(text =>
                    text.Replace("\"finish_reason\":\"", "\"finish_reason\":\"x", StringComparison.Ordinal)
                )
            ),
            Verdict.Inconclusive => (
                "INCONCLUSIVE: the receipt came without its salt, so it cannot be opened",
                await ChangedAsync(text => Regex.Replace(text, ",\"salt\":\"[^\"]*\"", ""))
            ),
            Verdict.Signed => (
                "SIGNED: the answer is the sealed one, and no request was given to compare",
                await TrustedAsync("--request")
            ),
            Verdict.Untrusted => await UntrustedAsync(),
            Verdict.OtherKey => await OtherKeyAsync(),
            Verdict.Policy => (
                "POLICY: a replay is required, and none was made: name a server that computes it again",
                [.. await TrustedAsync(), "--require", "replayed"]
            ),
            Verdict.UnknownVersion => await NewerAsync(),
            Verdict.Unreachable => await UnreachableAsync(),
            Verdict.Corroborated => await CorroboratedAsync(),
            Verdict.Contradicted => await AnotherAnswerAsync(
                "CONTRADICTED: the same environment differs at token 2 of choice 0",
                isConstant: true
            ),
            Verdict.Indeterminate => await AnotherAnswerAsync(
                "INDETERMINATE: of 3 answers of the server to one request not all are the same",
                isConstant: false
            ),
            Verdict.Incomplete => await IncompleteAsync(),
            _ => throw new NotSupportedException($"{verdict} has no scenario."),
        };

    private async Task<RecordedExchange> EmbeddedAsync() =>
        await RecordedExchange.AskAsync((await shared.ChatAsync()).Api, France);

    private async Task<IssuingServer> DoubtfulAsync() => _doubtful ??= await IssuingServer.StartAsync();

    private static string[] Arguments(RecordedExchange exchange, string? answer = null) =>
        [answer ?? exchange.AnswerFile, "--request", exchange.RequestFile, "--key", exchange.KeyFile];

    /// <param name="without">An option that is left out with its value.</param>
    private async Task<string[]> TrustedAsync(string? without = null)
    {
        string[] all = Arguments(await EmbeddedAsync());
        int at = Array.IndexOf(all, without);
        return at < 0 ? all : [.. all[..at], .. all[(at + 2)..]];
    }

    private async Task<string[]> ChangedAsync(Func<string, string> change)
    {
        RecordedExchange exchange = await EmbeddedAsync();
        return Arguments(exchange, exchange.WithAnswer(change));
    }

    private async Task<(string FirstLine, string[] Arguments)> UntrustedAsync() =>
        ("UNTRUSTED: there is no key to check the log with", await TrustedAsync("--key"));

    private async Task<(string FirstLine, string[] Arguments)> OtherKeyAsync()
    {
        RecordedExchange exchange = await EmbeddedAsync();
        using SigningKey other = SigningKey.Create();
        string named = string.Join('+', File.ReadAllText(exchange.KeyFile).Split('+')[..2]);
        exchange.Write("key.pem", other.PublicKey.ToPem());
        var trusted = new NoteKey(named.Split('+')[0], other.PublicKey);
        return (
            $"OTHER KEY: the checkpoint names the key {named}, and the trusted one is {trusted.Name}+{trusted.Id:x8}. "
                + "After a rotation give the key that the log had before",
            Arguments(exchange)
        );
    }

    private async Task<(string FirstLine, string[] Arguments)> NewerAsync() =>
        (
            "UNKNOWN VERSION: 'bundle.form' is not 'dis-bundle/2': the file was made by another version, or is of "
                + "another kind",
            [(await EmbeddedAsync()).Write("newer.json", """{"form":"dis-bundle/3"}""")]
        );

    private async Task<(string FirstLine, string[] Arguments)> UnreachableAsync()
    {
        string address = $"http://127.0.0.1:{FreePort.Next()}";
        return (
            $"UNREACHABLE: {address} gave no usable answer: it can't be reached (Connection refused); start it, "
                + "or correct its address",
            [.. await TrustedAsync(), "--against", address]
        );
    }

    private async Task<(string FirstLine, string[] Arguments)> CorroboratedAsync()
    {
        IssuingServer server = await DoubtfulAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(server);
        server.Environment = IssuingServer.EnvironmentOf("0.5.13");
        return (
            "CORROBORATED: another environment gives the same answer",
            [.. Arguments(exchange), "--against", server.Url]
        );
    }

    private async Task<(string FirstLine, string[] Arguments)> AnotherAnswerAsync(string firstLine, bool isConstant)
    {
        IssuingServer server = await DoubtfulAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(server);
        ScriptedAnswer other = ScriptedAnswer.Paris.With(2, 77, " was");
        server.Script = i => isConstant || i == 1 ? other : ScriptedAnswer.Paris;
        return (firstLine, [.. Arguments(exchange), "--against", server.Url]);
    }

    private async Task<(string FirstLine, string[] Arguments)> IncompleteAsync()
    {
        IssuingServer server = await DoubtfulAsync();
        server.Script = _ => ScriptedAnswer.Paris with { BreaksAfter = 1 };
        RecordedExchange exchange = await RecordedExchange.AskAsync(
            server,
            """{"messages":[{"role":"user","content":"Hi"}],"stream":true}"""
        );
        string receipt = (await server.Api.GetAsync($"/v1/receipts/{exchange.ReceiptId}")).Body;
        return ("INCOMPLETE: the answer broke off", Arguments(exchange, exchange.Write("broken.json", receipt)));
    }
}
