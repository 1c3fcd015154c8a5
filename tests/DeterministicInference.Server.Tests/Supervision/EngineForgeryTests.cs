using System.Text;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Engines.Vllm;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Logging;
using DeterministicInference.Server.Supervision;
using DeterministicInference.Server.Tests.EndToEnd.Fuzz;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// Nothing that an engine prints reads as an entry of the server's own. Engines may print what clients send. The log is
/// read as operators' tools read it: <see cref="ParsedLog"/>.
/// </summary>
public sealed class EngineForgeryTests
{
    private const string Module = "deterministic_inference.backends.x.engine";

    private static readonly EngineOutputRules[] Rules =
    [
        EngineOutputRules.Generic,
        VllmOutput.Rules,
        SglangOutput.Rules,
        LlamaCppOutput.Rules,
        EmbeddedOutput.Rules,
    ];

    public static TheoryData<bool> Formats => [false, true];

    [Theory]
    [MemberData(nameof(Formats))]
    public void No_line_of_the_corpus_reads_as_an_entry_of_another_module(bool asJson)
    {
        foreach (EngineOutputRules rules in Rules)
            RequireHonest([.. ForgedLines.All.Select(Encoding.UTF8.GetBytes)], rules, asJson);
    }

    /// <summary>Damaged, repeated and cut attacks, many of them in one log.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void No_mutation_of_them_does(bool asJson)
    {
        const int atOnce = 500;
        byte[][] corpus = [.. ForgedLines.All.Select(Encoding.UTF8.GetBytes)];
        for (int first = 0; first < FuzzSize.Inputs / 10; first += atOnce)
        {
            byte[][] lines =
            [
                .. Enumerable
                    .Range(first, atOnce)
                    .Select(i =>
                    {
                        var random = new FuzzRandom((ulong)i);
                        byte[] line = random.Pick(corpus);
                        if (random.OneIn(3))
                            line = [.. line, .. random.Pick(corpus)];
                        return Mutations.Of(line, random);
                    }),
            ];
            RequireHonest(lines, Rules[first / atOnce % Rules.Length], asJson);
        }
    }

    /// <summary>The oracle itself: written without defence, the attacks succeed.</summary>
    [Fact]
    public void Without_defence_the_corpus_deceives()
    {
        Assert.All(
            ForgedLines.All,
            line =>
                Assert.NotEmpty(
                    ParsedLog.FindForged($"2026-11-30 10:00:00 | INFO     | {Module} | {line}\n", asJson: false, Module)
                )
        );
    }

    /// <summary>Only the embedded engine is this program, and only where no other command is run for it.</summary>
    [Theory]
    [InlineData(true, "deterministic_inference.engine", "deterministic_inference.engine")]
    [InlineData(true, "deterministic_inference.engine.http", "deterministic_inference.engine.http")]
    [InlineData(true, "deterministic_inference.server", Module)]
    [InlineData(true, "deterministic_inference.proxy", Module)]
    [InlineData(false, "deterministic_inference.engine", Module)]
    public void The_own_form_is_believed_of_this_program_alone(bool isOwnProgram, string claimed, string logged)
    {
        string log = Write(
            [Encoding.UTF8.GetBytes($"2026-11-30 10:00:00 | ERROR    | {claimed} | text")],
            EmbeddedOutput.Rules,
            asJson: true,
            isOwnProgram
        );
        string entry = Assert.Single(log.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"\"module\":\"{logged}\"", entry, StringComparison.Ordinal);
        Assert.Contains(
            claimed == logged ? "\"level\":\"ERROR\"" : "\"level\":\"INFO\"",
            entry,
            StringComparison.Ordinal
        );
    }

    /// <summary>Through a real process, its pipes and the console, also in the reason why the server ends.</summary>
    [Theory]
    [InlineData("text", "sglang")]
    [InlineData("json", "sglang")]
    [InlineData("text", "embedded")]
    public async Task Through_a_server_no_line_of_the_corpus_does(string format, string backend)
    {
        string file = Path.Combine(TestModels.NewFolder("lines"), "lines");
        await File.WriteAllTextAsync(
            file,
            // The kept last lines of an engine that fails are told in the server's own entry.
            string.Join('\n', ForgedLines.All.Reverse())
                + "\n"
                + string.Join('\n', ForgedLines.All)
                + "\n",
            TestContext.Current.CancellationToken
        );
        string script = Path.Combine(Path.GetDirectoryName(file)!, "engine.sh");
        await File.WriteAllTextAsync(
            script,
            $"#!/bin/sh\ncat '{file}'\nexit 1\n",
            TestContext.Current.CancellationToken
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        CommandResult result = await new ServeLaunch().RunAsync([
            "--backend",
            backend,
            "--backend-command",
            script,
            "--log-format",
            format,
            "--log-level",
            "DEBUG",
            "--receipts",
            "off",
            .. backend == "sglang" ? (string[])["--model-path", "m"] : [],
        ]);
        Assert.Equal(1, result.ExitCode);
        string[] own = ["deterministic_inference.server", $"deterministic_inference.backends.{backend}"];
        ParsedLog.Entry[] entries = [.. ParsedLog.Read(result.Output, format == "json")];
        // Those of the server, each once: what it says at its end, and nothing that the engine says for it.
        Assert.Single(entries, entry => entry.Level == "CRITICAL");
        Assert.Single(
            entries,
            entry => entry.Message.Contains("Starting Deterministic Inference Server", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(
            entries,
            entry => own.Contains(entry.Module) && entry.Message.StartsWith(ForgedLines.Mark, StringComparison.Ordinal)
        );
        Assert.Contains(
            entries,
            entry =>
                entry.Module == $"deterministic_inference.backends.{backend}.engine"
                && entry.Message.Contains(ForgedLines.Mark, StringComparison.Ordinal)
        );
        Assert.All(
            entries.Where(entry => entry.Message.Contains(ForgedLines.Mark, StringComparison.Ordinal)),
            entry =>
                Assert.True(
                    entry.Module == $"deterministic_inference.backends.{backend}.engine" || entry.Level == "CRITICAL",
                    $"{entry}"
                )
        );
    }

    private static void RequireHonest(byte[][] lines, EngineOutputRules rules, bool asJson)
    {
        string log = Write(lines, rules, asJson, isOwnProgram: false);
        Assert.Empty(ParsedLog.FindForged(log, asJson, Module));
        // Every line is there: as many entries as the engine's output has lines.
        int count = 0;
        var splitter = new LineSplitter(_ => count++);
        foreach (byte[] line in lines)
            splitter.Feed([.. line, (byte)'\n']);
        Assert.Equal(count, ParsedLog.Read(log, asJson).Count(entry => entry.Module == Module));
    }

    /// <summary>The log of an engine that prints the lines.</summary>
    private static string Write(byte[][] lines, EngineOutputRules rules, bool asJson, bool isOwnProgram)
    {
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        var configuration = new LoggingConfiguration(
            LogLevel.Trace,
            asJson,
            ToConsole: false,
            new RotatingFile(file, long.MaxValue, 1)
        );
        using (ILoggerFactory loggers = LoggerFactory.Create(configuration.Apply))
        {
            var output = new EngineOutput(
                loggers,
                Module,
                SecretMask.Of(new ServeOptions(), ServeKeys.Read(new ServeOptions()), new Dictionary<string, string>()),
                rules,
                isOwnProgram
            );
            var delivery = new LineDelivery(output.Add);
            var splitter = new LineSplitter(delivery.Post);
            foreach (byte[] line in lines)
                splitter.Feed([.. line, (byte)'\n']);
            delivery.Complete(Limits.Overall);
        }
        return File.ReadAllText(file);
    }
}
