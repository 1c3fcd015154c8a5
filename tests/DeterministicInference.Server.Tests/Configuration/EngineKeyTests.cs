using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Gateway.Admission;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>The key that the engine requires: from the setting or a file, and never shown.</summary>
public sealed class EngineKeyTests
{
    private const string Key = "sk-engine-1234567";

    [Theory]
    [InlineData("with space")]
    [InlineData("sk-ü")]
    public void A_key_must_be_usable(string key) =>
        Assert.Equal(
            [
                "--backend-api-key: '***' has a space, a control or a non-ASCII character. Give a key of visible "
                    + "ASCII characters.",
            ],
            Given.Of("--backend", "embedded", "--backend-api-key", key).Problems()
        );

    [Theory]
    [InlineData(Key)]
    [InlineData("# for the engine\n\n  " + Key + "  \r\nsecond\n")]
    public void A_file_has_it_on_its_first_line_that_is_no_comment(string content)
    {
        Given given = Given.Of("--backend", "embedded", "--backend-api-key-file", ApiKeyTests.File(content));
        Assert.Empty(given.Problems());
        Assert.Empty(given.Read().Warnings);
        Assert.Equal(Key, given.Read().Keys.Engine);
        Assert.Equal(
            "x *** y",
            SecretMask.Of(given.Read().Options, given.Read().Keys, new Dictionary<string, string>()).Apply($"x {Key} y")
        );
    }

    [Theory]
    [InlineData("", "has no key. Write it on a line of its own.")]
    [InlineData("# none\n", "has no key. Write it on a line of its own.")]
    [InlineData(
        "label " + Key,
        "has a space, a control or a non-ASCII character in its key. Write the key alone, in visible ASCII "
            + "characters."
    )]
    public void A_file_must_be_usable(string content, string complaint)
    {
        string path = ApiKeyTests.File(content);
        Assert.Equal(
            [$"--backend-api-key-file: '{path}' {complaint}"],
            Given.Of("--backend", "embedded", "--backend-api-key-file", path).Problems()
        );
    }

    [Fact]
    public void A_file_must_be_there_closed_and_the_only_source()
    {
        string folder = TestModels.NewFolder("key"),
            missing = Path.Combine(folder, "none"),
            good = ApiKeyTests.File(Key);
        Assert.Equal(
            [
                $"--backend-api-key-file: '{missing}' does not exist. Create it with the key on a line of its own, "
                    + "or give another path.",
            ],
            Problems("--backend-api-key-file", missing)
        );
        Assert.Equal(
            [
                $"--backend-api-key-file: '{folder}' is a folder. Give the path of a file with the key on a line of its own.",
            ],
            Problems("--backend-api-key-file", folder)
        );
        Assert.Equal(
            [$"--backend-api-key-file: '{good}' is given together with --backend-api-key. Give only one of them."],
            Problems("--backend-api-key-file", good, "--backend-api-key", Key)
        );
        ApiKeyTests.SetMode(good, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal(
            [
                $"--backend-api-key-file: '{good}' is readable by every user of this machine. Restrict it: chmod "
                    + "o-rwx.",
            ],
            Given.Of("--backend", "embedded", "--backend-api-key-file", good).Read().Warnings
        );

        static IReadOnlyList<string> Problems(params string[] arguments) =>
            Given.Of(["--backend", "embedded", .. arguments]).Problems();
    }

    [Fact]
    public void It_is_not_printed_and_masked_in_what_the_engine_says()
    {
        ResolvedConfiguration configuration = (
            Given.Variables(("INFERENCE_BACKEND_API_KEY", Key)) with
            {
                Arguments = ["--backend", "embedded"],
            }
        ).Read();
        Assert.Equal(
            ("***", "variable INFERENCE_BACKEND_API_KEY"),
            Given.Row(configuration.Print(), SettingTable.Of(nameof(ServeOptions.BackendApiKey)))
        );
        Assert.Equal(
            "served with ***",
            SecretMask
                .Of(configuration.Options, configuration.Keys, new Dictionary<string, string>())
                .Apply($"served with {Key}")
        );
        Assert.Equal(Key, configuration.Keys.Engine);
    }
}
