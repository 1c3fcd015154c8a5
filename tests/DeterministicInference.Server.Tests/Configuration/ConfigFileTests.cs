using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Files that <c>--config</c> accepts, and its errors for other files.</summary>
public sealed class ConfigFileTests
{
    [Fact]
    public void Keys_have_no_case_and_may_be_nested_or_written_out()
    {
        ServeOptions options = (
            Given.Of() with
            {
                File = """
                    {
                      // Comments and trailing commas are allowed.
                      "Inference:ModelPath": "m",
                      "inference": { "PROXYPORT": 5, "Seed": "7", "StrictModel": true, "ConnectTimeout": 1.5, "BackendArguments": ["--a", "b c"], },
                    }
                    """,
            }
        ).Read().Options;
        Assert.Equal(
            ("m", 5, (SeedSetting)7, true, TimeSpan.FromSeconds(1.5)),
            (options.ModelPath, options.ProxyPort, options.Seed, options.StrictModel, options.ConnectTimeout)
        );
        Assert.Equal(["--a", "b c"], options.BackendArguments);
    }

    [Fact]
    public void A_file_with_a_byte_order_mark_is_read() =>
        Assert.Equal(
            "m",
            (Given.Of() with { File = "\uFEFF{\"Inference\":{\"ModelPath\":\"m\"}}" }).Read().Options.ModelPath
        );

    [Theory]
    [InlineData("{", "--config: FILE is not JSON: line 1, byte 2. Correct it there.")]
    [InlineData("{\"Inference\":{\n\"Seed\" 5}}", "--config: FILE is not JSON: line 2, byte 8. Correct it there.")]
    [InlineData("", "--config: FILE is not JSON: line 1, byte 1. Correct it there.")]
    [InlineData("[]", "--config: FILE is not a JSON object. Write {\"Inference\":{…}}.")]
    [InlineData("{\"Inference\":5}", "Inference in FILE: is not a JSON object. Write \"Inference\":{…}.")]
    [InlineData("{\"Logging\":{}}", "Logging in FILE: no setting has this key. Remove it.")]
    [InlineData(
        "{\"ModelPath\":\"m\"}",
        "ModelPath in FILE: no setting has this key. Did you mean Inference:ModelPath?"
    )]
    [InlineData(
        "{\"Inference\":{\"Sed\":1}}",
        "Inference:Sed in FILE: no setting has this key. Did you mean Inference:Seed?"
    )]
    [InlineData("{\"Inference\":{\"Config\":\"x\"}}", "Inference:Config in FILE: no setting has this key. Remove it.")]
    [InlineData("{\"Inference\":{\"Seed\":1,\"seed\":2}}", "Inference:seed in FILE: appears twice; remove one.")]
    [InlineData(
        "{\"Inference\":{\"Seed\":1},\"Inference:Seed\":2}",
        "Inference:Seed in FILE: appears twice; remove one."
    )]
    [InlineData(
        "{\"Inference\":{\"Seed\":true}}",
        "--seed: 'true' in FILE is not a whole number from -9223372036854775808 to 9223372036854775807, nor random."
    )]
    [InlineData(
        "{\"Inference\":{\"ModelPath\":{}}}",
        "--model-path: '{}' in FILE is not a single value. Give a text, a number, true or false."
    )]
    [InlineData(
        "{\"Inference\":{\"ModelPath\":\"\"}}",
        "--model-path: the value in FILE is empty. Give a value, or leave the setting out."
    )]
    [InlineData(
        "{\"Inference\":{\"Seed\":\"\\ud800\"}}",
        "--seed: '\"\\ud800\"' in FILE is not a whole number from -9223372036854775808 to 9223372036854775807, nor random."
    )]
    public void A_file_has_this_problem(string content, string problem)
    {
        Given given = Given.Of("--backend", "embedded") with { File = content };
        Assert.Equal([problem.Replace("FILE", given.Path, StringComparison.Ordinal)], given.Problems());
    }

    [Fact]
    public void A_file_that_can_not_be_read_is_named()
    {
        string folder = TestModels.NewFolder("config"),
            missing = Path.Combine(folder, "no", "file.json"),
            loop = Path.Combine(folder, "loop.json");
        File.CreateSymbolicLink(loop, loop);
        Assert.Equal(
            [$"--config: {missing} does not exist. Give the path of a JSON file."],
            Given.Of("--backend", "embedded", "--config", missing).Problems()
        );
        // It may have named a model, an engine to attach to, or an engine with other seeds.
        Assert.StartsWith(
            $"--config: {missing} ",
            Assert.Single(Given.Of("--config", missing).Problems()),
            StringComparison.Ordinal
        );
        Assert.Single(Given.Of("--backend", "tgi", "--config", missing).Problems());
        Assert.Single(Given.Of("--seed", "-7", "--config", missing).Problems());
        Assert.Equal(2, Given.Of("--backend", "nonsense", "--config", missing).Problems().Count);
        Assert.Equal(
            $"--config: {folder} is a folder. Give the path of a JSON file.",
            Assert.Single(Given.Of("--config", folder).Problems())
        );
        Assert.All(
            (string[])[loop],
            path =>
            {
                string problem = Assert.Single(Given.Of("--backend", "embedded", "--config", path).Problems());
                Assert.StartsWith($"--config: {path} can't be read: ", problem, StringComparison.Ordinal);
                Assert.EndsWith(". Give the path of a JSON file.", problem, StringComparison.Ordinal);
            }
        );
    }
}
