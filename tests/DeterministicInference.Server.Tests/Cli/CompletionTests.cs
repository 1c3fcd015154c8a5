using System.Runtime.Versioning;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli;

/// <summary>The scripts work in the shells that they are for.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class CompletionTests
{
    [Theory]
    [InlineData("ver", "verify")]
    [InlineData("verify answer.json --requ", "--request", "--require")]
    [InlineData("receipts ro", "rotate")]
    [InlineData("--backend em", "embedded")]
    [InlineData("serve --determinism s", "strict")]
    [InlineData("doctor --instructions av", "avx2", "avx512")]
    [InlineData("completion z", "zsh")]
    public async Task Bash_completes(string line, params string[] expected)
    {
        Assert.SkipUnless(InstalledProgram.Exists("bash"), "skipped: needs bash");
        string typed = $"deterministic-inference-server {line}",
            last = line.Split(' ')[^1];
        CommandResult result = await RunAsync(
            "source <(deterministic-inference-server completion bash)\n"
                + $"COMP_LINE='{typed}' COMP_POINT={typed.Length} COMP_WORDS=({typed}) COMP_CWORD={typed.Split(' ').Length - 1}\n"
                + "$(complete -p deterministic-inference-server | grep -o -- '-F [^ ]*' | cut -c4-) "
                + $"deterministic-inference-server '{last}'\n"
                + "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
        );
        Assert.Equal(expected, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Theory]
    [InlineData("zsh", "zsh -n")]
    [InlineData("fish", "fish -n")]
    public async Task The_scripts_of_other_shells_have_no_errors(string shell, string check)
    {
        Assert.SkipUnless(InstalledProgram.Exists(shell), $"skipped: needs {shell}");
        CommandResult result = await RunAsync(
            $"deterministic-inference-server completion {shell} > script && {check} script"
        );
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task Fish_completes()
    {
        Assert.SkipUnless(InstalledProgram.Exists("fish"), "skipped: needs fish");
        CommandResult result = await RunAsync(
            "deterministic-inference-server completion fish > script\n"
                + "fish -N -c 'source script; complete -C \"deterministic-inference-server --backend e\"'"
        );
        Assert.Equal(
            ["embedded", "external"],
            result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(word => word[0] == 'e').Order()
        );
    }

    private static async Task<CommandResult> RunAsync(string script)
    {
        string path = $"{InstalledCommand.Folder()}:{Environment.GetEnvironmentVariable("PATH")}";
        return await InstalledProgram.RunBashAsync(script, TestModels.NewFolder("completion"), ("PATH", path));
    }
}
