using System.CommandLine;
using System.CommandLine.Parsing;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.EngineHost;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>
/// <c>doctor</c>: what <c>serve</c> with the same settings could promise on this machine, without starting anything. For the embedded engine,
/// which is the one that is meant where no setting names another, it also computes a fixed workload.
/// </summary>
internal static class DoctorCommand
{
    private static readonly EngineOptions Default = new();

    private static readonly Option<int> Threads = EngineCommand.Number("--threads", "Embedded engine: threads that compute.", Default.Threads, 1, 512);
    private static readonly Option<int> PrefillChunk = EngineCommand.Number("--prefill-chunk", "Embedded engine: prompt tokens computed per step.", Default.PrefillChunk, 1, 65536);
    private static readonly Option<int> Beside = EngineCommand.Number("--beside", "Embedded engine: other sequences generated at the same time.", 0, 0, 64);
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object instead of lines.", Arity = ArgumentArity.Zero };

    private static readonly Option[] OfWorkload = [Threads, PrefillChunk, Beside];

    /// <summary>Any of these says which engine is meant.</summary>
    private static readonly string[] NamesEngine =
        [nameof(InferenceOptions.Backend), nameof(InferenceOptions.ModelPath), nameof(InferenceOptions.BackendUrl), nameof(InferenceOptions.BackendCommand), nameof(InferenceOptions.BackendArguments)];

    /// <param name="backends">What <c>--backend</c> may name.</param>
    public static Command Create(IReadOnlyList<BackendChoice> backends)
    {
        var command = new Command("doctor", "Say what this machine, engine and configuration can promise; with the embedded engine, compute digests that every machine must agree on.")
        {
            // As in serve: all errors are found in one pass.
            TreatUnmatchedTokensAsErrors = false,
        };
        foreach (Option option in (Option[])[.. OfWorkload, Json]) command.Options.Add(option);
        ServeCommand.AddOptionsTo(command);
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => RunAsync(parsed, backends, cancellation)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, IReadOnlyList<BackendChoice> backends, CancellationToken cancellation)
    {
        ServeArguments arguments = ServeArguments.Read(SettingsOf(parsed.Tokens), ServeCommand.CommandsOf(parsed));
        ResolvedConfiguration configuration = Read(arguments, arguments.Values, backends);
        if (!NamesEngine.Any(configuration.IsGiven))
        {
            var embedded = new GivenValue(SettingTable.Of(nameof(InferenceOptions.Backend)), "embedded", Origin.Default);
            configuration = Read(arguments, [.. arguments.Values, embedded], backends);
        }
        InferenceOptions options = configuration.Options;
        bool isEmbedded = options is { Backend: "embedded", BackendUrl: null };
        string[] problems =
        [
            .. arguments.Problems, .. configuration.Problems,
            .. arguments.PrintConfig ? [$"{ServeArguments.PrintConfigFlag}: belongs to serve. Leave it out."] : (string[])[],
            .. OfWorkload.Where(option => !isEmbedded && parsed.GetResult(option) is { Implicit: false }).Select(option => $"{option.Name}: only the embedded engine computes a workload here. Leave it out, or give --backend embedded."),
        ];
        foreach (string warning in configuration.Warnings) await Console.Error.WriteLineAsync($"warning: {OneLine.Of(warning)}");
        foreach (string problem in problems) await Console.Error.WriteLineAsync($"error: {OneLine.Of(problem)}");
        if (problems.Length > 0) return ExitCode.Usage;

        Diagnosis diagnosis = await Diagnosis.MakeAsync(options, cancellation);
        if (isEmbedded && diagnosis.CanStart)
        {
            var engine = new EngineOptions { ModelPath = options.ModelPath, Threads = parsed.GetValue(Threads), PrefillChunk = parsed.GetValue(PrefillChunk) };
            diagnosis = diagnosis with { Digests = await EmbeddedDigests.ComputeAsync(engine, parsed.GetValue(Beside), cancellation) };
        }
        await Console.Out.WriteAsync(parsed.GetValue(Json) ? DiagnosisJson.Write(diagnosis) + "\n" : DiagnosisText.Write(diagnosis));
        return diagnosis.ExitCode;
    }

    private static ResolvedConfiguration Read(ServeArguments arguments, IReadOnlyCollection<GivenValue> flags, IReadOnlyList<BackendChoice> backends) =>
        ResolvedConfiguration.Read(flags, arguments.ConfigPath, EnvironmentVariables.OfProcess(), backends);

    /// <summary>The tokens without this command's own options.</summary>
    private static List<Token> SettingsOf(IReadOnlyList<Token> tokens)
    {
        var settings = new List<Token>(tokens.Count);
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Type == TokenType.DoubleDash)
            {
                settings.AddRange(tokens.Skip(i));
                break;
            }
            if (tokens[i].Type == TokenType.Option && tokens[i].Value == Json.Name) continue;
            // Each of them has one value, or the line would not have been parsed.
            if (tokens[i].Type == TokenType.Option && OfWorkload.Any(option => option.Name == tokens[i].Value)) i++;
            else settings.Add(tokens[i]);
        }
        return settings;
    }
}
