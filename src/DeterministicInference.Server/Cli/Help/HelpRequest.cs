using System.CommandLine;

namespace DeterministicInference.Server.Cli.Help;

/// <summary>A command line that asks for help: <c>help verify</c>, <c>verify --help</c>, <c>--help all</c>.</summary>
/// <param name="Path">The command that it asks about; empty for the program.</param>
/// <param name="IsAll">Whether it asks for all settings.</param>
/// <param name="Unknown">A word that names no command there.</param>
internal sealed record HelpRequest(IReadOnlyList<CliCommand> Path, bool IsAll, string? Unknown)
{
    public const string Word = "help";

    public static readonly IReadOnlyList<string> Flags = ["--help", "-h", "-?"];

    /// <returns>Null if the arguments ask for no help.</returns>
    public static HelpRequest? Find(Command root, IReadOnlyList<string> args)
    {
        // What follows -- is for the engine.
        string[] own = [.. args.TakeWhile(arg => arg != "--")];
        // Also "receipts help", as people try it; a question may be that word.
        bool isWord =
            own is [Word, ..]
            || own is [var group, Word] && root.Subcommands.Any(c => c.Name == group && c.Subcommands.Count > 0);
        int flag = Array.FindIndex(own, arg => Flags.Contains(arg));
        if (!isWord && flag < 0)
            return null;
        List<CliCommand> path = [];
        string[] words = [.. own.Where((arg, at) => !Flags.Contains(arg) && !(isWord && at < 2 && arg == Word))];
        Command at = root;
        int read = 0;
        while (
            read < words.Length
            && at.Subcommands.FirstOrDefault(command => command.Name == words[read]) is CliCommand next
        )
        {
            path.Add(next);
            at = next;
            read++;
        }
        bool isAll = words.Contains(HelpText.AllWord);
        string? unknown = isWord ? words.Skip(read).FirstOrDefault(word => word != HelpText.AllWord) : null;
        return new HelpRequest(path, isAll, unknown);
    }
}
