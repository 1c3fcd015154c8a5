using System.CommandLine;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>A user's settings, read by the program's own code.</summary>
internal sealed record Given
{
    public static readonly IReadOnlyList<string> Commands = ["serve", "engine", "doctor", "ask", "verify", "receipts"];

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Content of a config file.</summary>
    public string? File { get; init; }

    /// <summary>Where <see cref="File"/> is written.</summary>
    public string Path { get; } = System.IO.Path.Combine(TestModels.NewFolder("config"), "serve.json");

    /// <summary>The default settings.</summary>
    public static ServeOptions Defaults => ServeOptions.DefaultsWith(EngineRegistry.BuiltIn.Choices);

    public IReadOnlyList<EngineChoice> Backends { get; init; } = EngineRegistry.BuiltIn.Choices;

    /// <summary>Replaces <c>{engines}</c> by the program's engines.</summary>
    public static string WithEngines(string message) =>
        message.Replace(
            "{engines}",
            EngineChoice.List(EngineRegistry.BuiltIn.All.Select(engine => engine.Name), "or"),
            StringComparison.Ordinal
        );

    public static Given Of(params string[] arguments) => new() { Arguments = arguments };

    public static Given Variables(params (string Name, string Value)[] variables) =>
        new() { Environment = variables.ToDictionary(variable => variable.Name, variable => variable.Value) };

    public ServeArguments Parse()
    {
        Command command = ServeCommand.Create(
            (_, _) => throw new InvalidOperationException("Only read here."),
            EngineRegistry.BuiltIn
        );
        return ServeArguments.Read(command.Parse(Arguments, CommandSyntax.Plain).Tokens, Commands);
    }

    public ResolvedConfiguration Read()
    {
        ServeArguments arguments = Parse();
        if (File is not null)
            System.IO.File.WriteAllText(Path, File);
        return ResolvedConfiguration.Read(
            arguments.Values,
            arguments.ConfigPath ?? (File is null ? null : Path),
            Environment,
            Backends
        );
    }

    /// <summary>All problems, as they are shown.</summary>
    public IReadOnlyList<string> Problems() => [.. Parse().Problems, .. Read().Problems];

    /// <summary>The row of <c>--print-config</c> of a setting: its value and origin.</summary>
    public static (string Value, string Origin) Row(string printed, Setting setting)
    {
        string[] cells = printed
            .Split('\n')
            .Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Single(row => row is [var name, ..] && name == setting.Flag);
        return (cells[1], cells[2]);
    }
}
