using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Gateway.Admission;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Problems with keys, which are reported before the server starts without showing a key.</summary>
public sealed class ApiKeySettingTests
{
    [Theory]
    [InlineData("sk-aaa sk-aaa", "--api-key: '***' contains a key twice; remove one.")]
    [InlineData(
        """["sk-aaa","with space"]""",
        "--api-key: '***' has a key with a space, a control or a non-ASCII character. Give keys of visible ASCII "
            + "characters."
    )]
    [InlineData(
        """["tab\there"]""",
        "--api-key: '***' has a key with a space, a control or a non-ASCII character. Give keys of visible ASCII "
            + "characters."
    )]
    [InlineData(
        "sk-ü",
        "--api-key: '***' has a key with a space, a control or a non-ASCII character. Give keys of visible ASCII "
            + "characters."
    )]
    [InlineData("""[""]""", "--api-key: '***' has no key. Give one, or leave the setting out.")]
    public void A_key_must_be_usable(string keys, string problem) =>
        Assert.Equal([problem], Given.Of("--backend", "embedded", "--api-key", keys).Problems());

    [Theory]
    [InlineData("", "has no key. Write one per line: KEY, or LABEL KEY.")]
    [InlineData("# only a comment\n\n  \t\n", "has no key. Write one per line: KEY, or LABEL KEY.")]
    [InlineData(
        "one\ntwo words too-many\n",
        "has more than two words in line 2. Write KEY, or LABEL KEY; neither may have a space."
    )]
    [InlineData(
        "a sk-ü",
        "has a control or non-ASCII character in line 1. Write keys and labels in visible ASCII characters."
    )]
    [InlineData(
        "a sk-\u0007",
        "has a control or non-ASCII character in line 1. Write keys and labels in visible ASCII characters."
    )]
    [InlineData("a sk-1\n#\nb sk-1\n", "repeats a key in line 3; remove one.")]
    [InlineData("a sk-0\n", "repeats a key in line 1; remove one.")]
    [InlineData(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa sk-1\n",
        "has a label of more than 64 characters in line 1. Write LABEL KEY with a shorter one."
    )]
    public void A_file_must_be_usable(string content, string complaint)
    {
        string path = ApiKeyTests.File(content);
        Assert.Equal(
            [$"--api-key-file: '{path}' {complaint}"],
            Given.Of("--backend", "embedded", "--api-key", "sk-0", "--api-key-file", path).Problems()
        );
    }

    [Fact]
    public void A_file_must_be_there()
    {
        string folder = TestModels.NewFolder("keys"),
            missing = Path.Combine(folder, "none");
        Assert.Equal(
            [$"--api-key-file: '{missing}' does not exist. Create it with one key per line, or give another path."],
            Problems(missing)
        );
        Assert.Equal(
            [$"--api-key-file: '{folder}' is a folder. Give the path of a file with one key per line."],
            Problems(folder)
        );

        static IReadOnlyList<string> Problems(string path) =>
            Given.Of("--backend", "embedded", "--api-key-file", path).Problems();
    }

    [Fact]
    public void All_problems_are_reported_together()
    {
        string path = ApiKeyTests.File("a b c\nd e f\n");
        Assert.Equal(
            4,
            Given
                .Of("--backend", "embedded", "--api-key", "sk-1 sk-1", "--api-key-file", path, "--proxy-port", "x")
                .Problems()
                .Count
        );
    }

    [Fact]
    public void A_file_that_everybody_can_read_is_a_warning()
    {
        string path = ApiKeyTests.File("a sk-1\r\nsk-2\r\n");
        ResolvedConfiguration Read() => Given.Of("--backend", "embedded", "--api-key-file", path).Read();
        Assert.Empty(Read().Warnings);
        ApiKeyTests.SetMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal(
            [$"--api-key-file: '{path}' is readable by every user of this machine. Restrict it: chmod o-rwx."],
            Read().Warnings
        );
        Assert.Empty(Read().Problems);
    }

    [Fact]
    public void Keys_are_not_printed()
    {
        foreach (
            Given given in (Given[])
                [
                    Given.Of("--backend", "embedded", "--api-key", "sk-secret"),
                    Given.Variables(("INFERENCE_API_KEY", "sk-secret sk-secret")),
                    new() { File = """{"Inference":{"ApiKey":["sk-secret"]}}""" },
                ]
        )
        {
            ResolvedConfiguration configuration = given.Read();
            Assert.Equal("***", Given.Row(configuration.Print(), SettingTable.Of(nameof(ServeOptions.ApiKey))).Value);
            Assert.DoesNotContain(
                "sk-secret",
                string.Join('\n', [configuration.Print(), .. configuration.Problems, .. configuration.Warnings]),
                StringComparison.Ordinal
            );
        }
    }
}
