using Xunit;

namespace DeterministicInference.Server.Tests.Cli.Doctor;

/// <summary>The digests of a fixed workload are the same whatever computes it and however it is scheduled.</summary>
public sealed class DoctorTests
{
    private static readonly Lazy<Task<Digests>> Reference = new(() => DoctorAsync(ServerProgram.Built, []));

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "avx512")]
    [InlineData("DOTNET_EnableAVX2", "avx512", "avx2")]
    [InlineData("DOTNET_EnableHWIntrinsic", "avx512", "avx2", "vector128")]
    public async Task Instruction_sets_do_not_change_the_digests(string variable, params string[] disabled)
    {
        Digests digests = await DoctorAsync(ServerProgram.Built, [], (variable, "0"));
        Assert.Equal((await Reference.Value).Values, digests.Values);
        // The row is meaningful only if the instructions are really disabled.
        Assert.DoesNotContain(digests.Instructions, disabled);
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("vector128")]
    [InlineData("avx2")]
    [InlineData("avx512")]
    public Task Chosen_instructions_do_not_change_the_digests(string set) =>
        ChosenInstructionsKeepTheDigestsAsync(ServerProgram.Built, set);

    [Theory]
    [InlineData("scalar")]
    [InlineData("vector128")]
    [InlineData("avx2")]
    [InlineData("avx512")]
    public Task Chosen_instructions_of_the_native_executable_do_not_change_the_digests(string set)
    {
        Assert.SkipWhen(ServerProgram.Native is null, "skipped: needs DIS_AOT_BINARY");
        return ChosenInstructionsKeepTheDigestsAsync(ServerProgram.Native!, set);
    }

    private static async Task ChosenInstructionsKeepTheDigestsAsync(ServerProgram program, string set)
    {
        string[] sets = ["scalar", "vector128", "avx2", "avx512"];
        string widest = (await DoctorAsync(program, [])).Instructions;
        if (Array.IndexOf(sets, set) <= Array.IndexOf(sets, widest))
        {
            Digests digests = await DoctorAsync(program, ["--instructions", set]);
            Assert.Equal(set, digests.Instructions);
            Assert.Equal((await Reference.Value).Values, digests.Values);
            return;
        }
        CommandResult result = await program.RunAsync(["doctor", "--instructions", set]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"--instructions: '{set}' is not available: processor and build have scalar", result.Output);
    }

    [Fact]
    public async Task The_engine_of_serve_computes_with_the_chosen_instructions()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "embedded", "--instructions", "scalar"]
        );
        Assert.Contains(" threads, scalar, numerics ", await server.LineAsync("Engine ready: model"));
    }

    [Theory]
    [InlineData("error: --instructions: 'avx' is not a choice.", "--backend", "embedded", "--instructions", "avx")]
    [InlineData(
        "error: --instructions: 'scalar' applies to --backend embedded only.",
        "--model-path",
        "org/model",
        "--instructions",
        "scalar"
    )]
    [InlineData(
        "error: --instructions: 'scalar' has no effect: with --backend-url no engine is launched.",
        "--backend",
        "embedded",
        "--backend-url",
        "http://127.0.0.1:1",
        "--instructions",
        "scalar"
    )]
    public async Task Instructions_that_mean_nothing_are_refused(string error, params string[] arguments)
    {
        foreach (string command in (string[])["serve", "doctor"])
        {
            CommandResult result = await ServerProgram.Built.RunAsync([command, .. arguments]);
            Assert.StartsWith(error, result.Error);
            Assert.Equal(2, result.ExitCode);
        }
    }

    [Theory]
    [InlineData("--threads", "1")]
    [InlineData("--threads", "2")]
    [InlineData("--threads", "5")]
    [InlineData("--prefill-chunk", "1")]
    [InlineData("--prefill-chunk", "3")]
    [InlineData("--prefill-chunk", "7")]
    [InlineData("--prefill-chunk", "16")]
    [InlineData("--prefill-chunk", "40")]
    [InlineData("--beside", "8")]
    public async Task Scheduling_does_not_change_the_digests(string option, string value) =>
        Assert.Equal((await Reference.Value).Values, (await DoctorAsync(ServerProgram.Built, [option, value])).Values);

    [Fact]
    public async Task Everything_at_once_does_not_change_the_digests() =>
        Assert.Equal(
            (await Reference.Value).Values,
            (
                await DoctorAsync(
                    ServerProgram.Built,
                    ["--threads", "1", "--prefill-chunk", "5", "--beside", "8"],
                    ("DOTNET_EnableAVX512", "0")
                )
            ).Values
        );

    [Fact]
    public async Task The_native_executable_has_the_same_digests()
    {
        Assert.SkipWhen(ServerProgram.Native is null, "skipped: needs DIS_AOT_BINARY");
        Assert.Equal((await Reference.Value).Values, (await DoctorAsync(ServerProgram.Native!, [])).Values);
    }

    [Fact]
    public async Task An_ARM_processor_has_the_same_digests()
    {
        Assert.SkipWhen(ServerProgram.Arm64 is null, "skipped: needs DIS_ARM64_COMMAND");
        Assert.Equal(
            (await Reference.Value).Values,
            (await DoctorAsync(ServerProgram.Arm64!, ["--beside", "3"])).Values
        );
    }

    [Fact]
    public async Task The_same_weights_in_another_element_type_have_the_same_digests()
    {
        Assert.SkipWhen(TestModels.TinyStories is null, TestModels.NeedsShared);
        Assert.Equal(
            (await DoctorAsync(ServerProgram.Built, [], model: TestModels.TinyStories!)).Values,
            (await DoctorAsync(ServerProgram.Built, [], model: TestModels.TinyStories + "-bf16")).Values
        );
    }

    [Fact]
    public async Task Other_weights_have_other_digests()
    {
        Digests other = await DoctorAsync(ServerProgram.Built, [], model: TestModels.Scripted);
        Digests reference = await Reference.Value;
        Assert.NotEqual(reference.Logits, other.Logits);
        Assert.NotEqual(reference.Sampled, other.Sampled);
    }

    private static Task<Digests> DoctorAsync(
        ServerProgram program,
        string[] arguments,
        params (string Name, string Value)[] environment
    ) => DoctorAsync(program, arguments, TestModels.Chat, environment);

    private static async Task<Digests> DoctorAsync(
        ServerProgram program,
        string[] arguments,
        string model,
        params (string Name, string Value)[] environment
    )
    {
        CommandResult result = await program.RunAsync(
            ["doctor", "--backend", "embedded", "--model-path", model, .. arguments],
            environment
        );
        Assert.True(result.ExitCode == 0, result.Error);
        Dictionary<string, string> lines = result
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line[..14].Trim(), line => line[14..]);
        Assert.Equal(Path.GetFileName(model), lines["model"]);
        Assert.Matches("^[0-9a-f]{64}$", lines["logits"]);
        Assert.Matches("^[0-9a-f]{64}$", lines["sampled"]);
        return new Digests(lines["logits"], lines["sampled"], lines["instructions"]);
    }

    private sealed record Digests(string Logits, string Sampled, string Instructions)
    {
        public (string Logits, string Sampled) Values => (Logits, Sampled);
    }
}
