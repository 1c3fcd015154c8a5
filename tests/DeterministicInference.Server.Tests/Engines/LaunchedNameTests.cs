using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>The user's own name for the model, after <c>--</c>, is the one that counts.</summary>
public sealed class LaunchedNameTests
{
    public static TheoryData<string> Launched =>
        [.. EngineRegistry.BuiltIn.All.Where(engine => engine.Launcher is not null).Select(engine => engine.Name)];

    [Theory]
    [InlineData("sglang", "--served-model-name=x --tp 2")]
    [InlineData("sglang", "--served-model-name y --served-model-name x")]
    [InlineData("vllm", "--served-model-name x y")]
    [InlineData("vllm", "--served_model_name x")]
    [InlineData("vllm", "--served-model x")]
    [InlineData("llamacpp", "-a x")]
    [InlineData("llamacpp", "-c 512 --alias x")]
    [InlineData("embedded", "--served-model-name x")]
    public void The_given_name_is_read_and_told_once(string engine, string arguments)
    {
        IEngineLauncher launcher = EngineRegistry.BuiltIn.Find(engine)!.Launcher!;
        ServeOptions options = Options(engine) with { BackendArguments = arguments.Split(' ') };
        Assert.Equal("x", LaunchedName.Of(launcher, options));
        Assert.DoesNotContain("the-name", launcher.Launch(options, Machines.With(Machines.NoGpu)).Arguments);
        Assert.DoesNotContain(
            Checks.Of(
                EngineRegistry.BuiltIn.Find(engine)!,
                options,
                Machines.With(new ModelFacts { Exists = true, GgufFiles = ["/models/tiny.gguf"] }, "9.0")
            ),
            finding => finding.Kind == FindingKind.Refused
        );
    }

    [Theory]
    [MemberData(nameof(Launched))]
    public void Otherwise_every_engine_is_told_the_settings_name(string engine)
    {
        IEngineLauncher launcher = EngineRegistry.BuiltIn.Find(engine)!.Launcher!;
        ServeOptions options = Options(engine);
        List<string> words = [.. launcher.Launch(options, Machines.With(Machines.NoGpu)).Arguments];
        Assert.Equal("the-name", LaunchedName.Of(launcher, options));
        Assert.Contains(words[words.IndexOf("the-name") - 1], launcher.NameFlags);
    }

    private static ServeOptions Options(string engine) =>
        new()
        {
            Backend = engine,
            ModelPath = "/models/tiny.gguf",
            ServedModelName = "the-name",
        };
}
