using System.CommandLine;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// <c>completion</c>: prints a script with which a shell completes this program's commands, options and values. The
/// scripts ask the program itself, by System.CommandLine's directive <c>[suggest]</c>
/// (https://learn.microsoft.com/dotnet/standard/commandline/how-to-enable-tab-completion), so that they stay right.
/// </summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # PROGRAM: completion for bash.
        _FUNCTION() {
            local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]}
            mapfile -t COMPREPLY < <(compgen -W "$("$1" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "$word")
        }
        complete -o bashdefault -o default -F _FUNCTION PROGRAM

        """;

    private const string Zsh = """
        #compdef PROGRAM
        # PROGRAM: completion for zsh.
        _FUNCTION() {
            local line=$BUFFER[1,$CURSOR]
            local -a found=("${(@f)$(PROGRAM "[suggest:$CURSOR]" "$line" 2>/dev/null)}")
            compadd -- ${found:#} || _files
        }
        compdef _FUNCTION PROGRAM

        """;

    private const string Fish = """
        # PROGRAM: completion for fish.
        function _FUNCTION
            set -l line (commandline -cp)
            PROGRAM "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c PROGRAM -a '(_FUNCTION)'

        """;

    private const string PowerShell = """
        # PROGRAM: completion for PowerShell.
        Register-ArgumentCompleter -Native -CommandName PROGRAM -ScriptBlock {
            param($word, $ast, $position)
            $line = $ast.ToString().PadRight($position).Substring(0, $position)
            & PROGRAM "[suggest:$position]" "$line" 2>$null | Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }

        """;

    private static readonly (string Shell, string Script, string Installation)[] Shells =
    [
        ("bash", Bash, "echo 'source <(PROGRAM completion bash)' >> ~/.bashrc"),
        ("zsh", Zsh, "echo 'source <(PROGRAM completion zsh)' >> ~/.zshrc"),
        ("fish", Fish, "PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish"),
        ("pwsh", PowerShell, "PROGRAM completion pwsh >> $PROFILE"),
    ];

    /// <param name="program">Name of the program.</param>
    public static Command Create(string program)
    {
        string[] names = [.. Shells.Select(shell => shell.Shell)];
        var name = new Argument<string>("SHELL") { Description = $"{List(names)}." };
        name.CompletionSources.Add(names);
        name.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !names.Contains(text))
            {
                result.AddError(
                    $"SHELL: '{text}' has no completion.{NearestName.Hint(text, names)} Give " + $"{List(names)}."
                );
            }
        });
        var command = new CliCommand(
            "completion",
            "Print a script for completion in a shell",
            "Print a script with which a shell completes commands, settings and values at Tab.",
            [.. Shells.Select(shell => ($"completion {shell.Shell}", Filled(shell.Installation)))]
        )
        {
            name,
        };
        command.SetAction(parsed =>
        {
            string script = Shells.First(shell => shell.Shell == parsed.GetValue(name)).Script;
            Console.Out.Write(Filled(script));
            return ExitCode.Success;
        });
        return command;

        string Filled(string text) =>
            text.Replace("PROGRAM", program, StringComparison.Ordinal)
                .Replace("FUNCTION", program.Replace('-', '_'), StringComparison.Ordinal);
    }

    private static string List(string[] names) => EngineChoice.List(names, "or");
}
