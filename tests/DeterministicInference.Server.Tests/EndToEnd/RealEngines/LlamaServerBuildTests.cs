using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>
/// Builds of a real llama-server that report one version have environments of their own: an answer is reproduced by the
/// same one only, and another one contradicts nothing.
/// </summary>
public sealed class LlamaServerBuildTests
{
    private static readonly RealLlamaServer.Settings None = new();

    /// <summary>Answered by the first server, and computed again by each of the others.</summary>
    private static readonly (string Path, string Json)[] Requests =
    [
        (
            ApiClient.Chat,
            """
            {"messages":[{"role":"user","content":"Name a colour"}],"max_tokens":6,"temperature":0.8,"seed":5,
            "logprobs":true,"top_logprobs":1}
            """
        ),
        (ApiClient.Chat, """{"messages":[{"role":"user","content":"Count"}],"max_tokens":6,"stream":true}"""),
        (ApiClient.Completions, """{"prompt":"Once upon","max_tokens":6,"temperature":0,"logprobs":2}"""),
        (ApiClient.Completions, """{"prompt":"The sky is","max_tokens":6,"seed":9,"stream":true}"""),
    ];

    private readonly List<RecordedExchange> _exchanges = [];

    [Fact]
    public async Task Another_build_other_threads_and_a_preloaded_library_are_other_environments_and_are_named()
    {
        RealLlamaServer real = RealLlamaServer.Require();
        JsonNode plain;
        await using (ServeProcess first = await real.ServeAsync(None))
        {
            plain = await EnvironmentAsync(first);
            foreach ((string path, string json) in Requests)
                _exchanges.Add(await RecordedExchange.AskAsync(first.Api, json, path));
        }
        Assert.Equal("b0-unknown", (string?)plain["facts"]!["engine.version"]!["value"]);
        Assert.Equal("deterministic", (string?)plain["class"]);
        // The same engine, started again.
        await DiffersAsync(plain, real, None);

        string folder = TestModels.NewFolder("builds"),
            other = Path.Combine(folder, "llama-server");
        byte[] program = await File.ReadAllBytesAsync(real.Program, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(other, [.. program, 0], TestContext.Current.CancellationToken);
        MakeExecutable(other);
        await DiffersAsync(plain, real with { Program = other }, None, "engine.executable.sha256");

        await DiffersAsync(plain, real, new() { Arguments = ["-t", "2"] }, "argument.threads");

        // Behind a shell it is the same engine.
        string wrapper = await ScriptAsync(
            folder,
            "wrapper",
            $"\"{real.Program}\" \"$@\" &\ntrap 'kill $!' TERM\nwait $!\n"
        );
        await DiffersAsync(plain, real with { Program = wrapper }, None);
        // One that gives it other arguments makes another engine of it, whatever this server gave.
        string adding = await ScriptAsync(folder, "adding", $"exec \"{real.Program}\" \"$@\" -np 4\n");
        await IsDoubtfulAsync(real with { Program = adding }, None);

        // So does one that sets variables.
        string setting = await ScriptAsync(
            folder,
            "setting",
            $"export LLAMA_ARG_ROPE_FREQ_BASE=300\nexec \"{real.Program}\" \"$@\"\n"
        );
        await IsDoubtfulAsync(real with { Program = setting }, None);
        // And one that writes a file which an argument names.
        string written = RelativeFile.Write("written", "root ::= \"yes\""),
            writing =
                await ScriptAsync(
                    folder,
                    "writing",
                    $"echo 'root ::= \"no\"' > {written}\nexec \"{real.Program}\" \"$@\"\n"
                );
        await IsDoubtfulAsync(real with { Program = writing }, new() { Arguments = ["--grammar-file", written] });

        // In another folder a relative name is another file, or none.
        string grammar = RelativeFile.Write("grammar", "root ::= \"yes\"");
        RealLlamaServer.Settings constrained = new() { Arguments = ["--grammar-file", grammar] };
        await using (ServeProcess server = await real.ServeAsync(constrained))
        {
            JsonNode environment = (await server.Api.GetAsync("/v1/environment")).Json;
            Assert.Equal("deterministic", (string?)environment["class"]);
            Assert.StartsWith(
                "sha256:",
                (string?)environment["facts"]!["argument.grammar_file"]!["value"],
                StringComparison.Ordinal
            );
            Assert.NotEqual((string?)plain["id"], (string?)environment["id"]);
        }
        Directory.CreateDirectory(Path.Combine(folder, "other"));
        string elsewhere = await ScriptAsync(
            folder,
            "elsewhere",
            $"cd \"{folder}/other\"\nexec \"{real.Program}\" \"$@\"\n"
        );
        File.Copy(grammar, Path.Combine(folder, "other", grammar));
        await IsDoubtfulAsync(real with { Program = elsewhere }, constrained);

        string preloaded = Path.Combine(folder, "libother.so");
        File.Copy(LibraryOf("libm.so"), preloaded);
        await DiffersAsync(
            plain,
            real,
            new() { Variables = [("LD_PRELOAD", preloaded)] },
            "engine.libraries.sha256",
            "variable.ld_preload"
        );
    }

    /// <summary>Another server differs in these facts, and says so of the answers.</summary>
    private async Task DiffersAsync(
        JsonNode plain,
        RealLlamaServer real,
        RealLlamaServer.Settings settings,
        params string[] facts
    )
    {
        await using ServeProcess server = await real.ServeAsync(settings);
        JsonNode other = await EnvironmentAsync(server);
        JsonObject a = plain["facts"]!.AsObject(),
            b = other["facts"]!.AsObject();
        Assert.Equal(
            facts,
            a.Select(fact => fact.Key)
                .Union(b.Select(fact => fact.Key))
                .Where(key => (string?)a[key]?["value"] != (string?)b[key]?["value"])
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(facts.Length > 0, (string?)plain["id"] != (string?)other["id"]);
        foreach (RecordedExchange exchange in _exchanges)
        {
            Verified verified = await exchange.VerifyAsync("--against", server.Url);
            if (facts.Length == 0)
                verified.Is(0, "REPRODUCED", "the same environment gives the same answer");
            else if (verified.ExitCode == 11)
                verified.Is(11, "CORROBORATED", "another environment");
            else
                verified.Is(12, "INCONCLUSIVE", $"the environments differ in {string.Join(", ", facts)}");
        }
    }

    private static async Task<JsonNode> EnvironmentAsync(ServeProcess server) =>
        (await server.Api.GetAsync("/v1/environment")).Json;

    private static string LibraryOf(string name) =>
        File.ReadLines("/proc/self/maps")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1])
            .First(path => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal));

    /// <summary>The engine was started by a script that made another one of it.</summary>
    private static async Task IsDoubtfulAsync(RealLlamaServer real, RealLlamaServer.Settings settings)
    {
        await using ServeProcess server = await real.ServeAsync(settings);
        JsonNode environment = (await server.Api.GetAsync("/v1/environment")).Json;
        Assert.Equal(["arguments_differ"], environment["reasons"]!.AsArray().Select(reason => (string?)reason));
    }

    private static async Task<string> ScriptAsync(string folder, string name, string lines)
    {
        string file = Path.Combine(folder, name);
        await File.WriteAllTextAsync(file, $"#!/bin/sh\n{lines}", TestContext.Current.CancellationToken);
        MakeExecutable(file);
        return file;
    }

    private static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
