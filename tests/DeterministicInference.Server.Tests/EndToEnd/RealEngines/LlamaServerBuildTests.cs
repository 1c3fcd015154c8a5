using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>Builds of a real llama-server that report one version have environments of their own.</summary>
public sealed class LlamaServerBuildTests
{
    private static readonly RealLlamaServer.Settings None = new();

    [Fact]
    public async Task Another_build_other_threads_and_a_preloaded_library_are_other_environments_and_are_named()
    {
        RealLlamaServer real = RealLlamaServer.Require();
        JsonNode plain = await EnvironmentAsync(real, None);
        Assert.Equal("b0-unknown", (string?)plain["facts"]!["engine.version"]!["value"]);
        Assert.Equal("deterministic", (string?)plain["class"]);
        // The same engine, started again.
        Assert.Equal((string?)plain["id"], (string?)(await EnvironmentAsync(real, None))["id"]);

        string folder = TestModels.NewFolder("builds"),
            other = Path.Combine(folder, "llama-server");
        byte[] program = await File.ReadAllBytesAsync(real.Program, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(other, [.. program, 0], TestContext.Current.CancellationToken);
        MakeExecutable(other);
        await DiffersAsync(plain, real with { Program = other }, None, "engine.executable.sha256");

        await DiffersAsync(plain, real, new() { Arguments = ["-t", "1"] }, "argument.threads");

        // Behind a shell it is the same engine.
        string wrapper = Path.Combine(folder, "wrapper");
        await File.WriteAllTextAsync(
            wrapper,
            $"#!/bin/sh\n\"{real.Program}\" \"$@\" &\ntrap 'kill $!' TERM\nwait $!\n",
            TestContext.Current.CancellationToken
        );
        MakeExecutable(wrapper);
        await DiffersAsync(plain, real with { Program = wrapper }, None);

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

    private static async Task DiffersAsync(
        JsonNode plain,
        RealLlamaServer real,
        RealLlamaServer.Settings settings,
        params string[] facts
    )
    {
        JsonNode other = await EnvironmentAsync(real, settings);
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
    }

    private static async Task<JsonNode> EnvironmentAsync(RealLlamaServer real, RealLlamaServer.Settings settings)
    {
        await using ServeProcess server = await real.ServeAsync(settings);
        return (await server.Api.GetAsync("/v1/environment")).Json;
    }

    private static string LibraryOf(string name) =>
        File.ReadLines("/proc/self/maps")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1])
            .First(path => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal));

    private static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
