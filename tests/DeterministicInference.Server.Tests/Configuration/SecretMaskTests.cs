using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Which values are secrets, and that no text contains one.</summary>
public sealed class SecretMaskTests
{
    private static readonly Dictionary<string, string> NoVariables = [];

    [Theory]
    [InlineData("--api-key", "sk-123456")]
    [InlineData("--api-key=sk-123456")]
    [InlineData("--admin_api_key", "sk-123456")]
    [InlineData("--hf-token", "sk-123456")]
    [InlineData("--ssl-keyfile-password", "sk-123456")]
    [InlineData("--api-key", "x", "--hf-token=sk-123456")]
    [InlineData("--api-key", "sk-one", "sk-123456")]
    [InlineData("--api-ke", "sk-123456")]
    [InlineData("-hft", "sk-123456")]
    [InlineData("--model-loader-extra-config", "{\"secret_access_key\": \"sk-123456\", \"region\": \"eu\"}")]
    [InlineData("--model-loader-extra-config={\"secretAccessKey\":\"sk-123456\"}")]
    [InlineData("--kv-transfer-config", "{\"a\":{\"auth\":\"sk-123456\"}}")]
    [InlineData("--hf_toke=sk-123456")]
    [InlineData("--otlp-traces-endpoint", "http://user:sk-123456@host:4317/x")]
    [InlineData("--otlp-traces-endpoint=http://user:sk-123456@host:4317/x")]
    public void Values_of_secret_arguments_are_masked(params string[] arguments)
    {
        Assert.Equal(
            "a *** b ***",
            Mask(new ServeOptions { BackendArguments = arguments }).Apply("a sk-123456 b sk-123456")
        );
        Assert.DoesNotContain(
            "sk-123456",
            string.Join(' ', SecretArguments.Redact(arguments)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_no_secret_stays() =>
        Assert.Equal(
            "--api-key *** --tp 2 --timeout-sec 30 --max-tokens 5 --endpoint http://u:***@h/p --url http://h:80/a@b",
            string.Join(
                ' ',
                SecretArguments.Redact(
                    (
                        "--api-key k --tp 2 --timeout-sec 30 --max-tokens 5 --endpoint http://u:p@h/p "
                        + "--url http://h:80/a@b"
                    ).Split(' ')
                )
            )
        );

    /// <summary>Answers depend on it, so that a fact has it.</summary>
    [Fact]
    public void A_special_token_is_no_secret()
    {
        const string config = "{\"eos_token\":\"</s>\",\"max_tokens\":\"5\",\"keys_size\":\"k\"}";
        Assert.Equal(config, SecretArguments.RedactValue(config));
        Assert.Equal(
            "{\"eos_token\":\"</s>\",\"hf_token\":\"***\",\"key\":\"***\"}",
            SecretArguments.RedactValue("{\"eos_token\":\"</s>\",\"hf_token\":\"ab\",\"key\":\"a\\\"b\"}")
        );
    }

    [Theory]
    [InlineData("HF_TOKEN", true)]
    [InlineData("OPENAI_API_KEY", true)]
    [InlineData("AWS_SECRET_ACCESS_KEY", true)]
    [InlineData("CLIENT_SECRET", true)]
    [InlineData("PGPASSWORD", true)]
    [InlineData("db_password", true)]
    [InlineData("MAX_TOKENS", false)]
    [InlineData("TOKENIZER", false)]
    [InlineData("GOOGLE_APPLICATION_CREDENTIALS", false)]
    [InlineData("PATH", false)]
    public void Values_of_secret_variables_are_masked(string name, bool isSecret) =>
        Assert.Equal(
            isSecret ? "it is ***" : "it is some-value",
            SecretMask
                .Of(
                    new ServeOptions(),
                    ServeKeys.Read(new ServeOptions()),
                    new Dictionary<string, string> { [name] = "some-value" }
                )
                .Apply("it is some-value")
        );

    [Fact]
    public void The_servers_own_keys_are_masked()
    {
        string file = Path.Combine(TestModels.NewFolder("keys"), "keys");
        File.WriteAllText(file, "# keys of production\nfile-key-1\nalice  file-key-2\n\n");
        SecretMask mask = Mask(new ServeOptions { ApiKey = ["given-key-1", "given-key-2"], ApiKeyFile = file });
        Assert.Equal(
            "*** *** *** *** alice production",
            mask.Apply("file-key-1 file-key-2 given-key-1 given-key-2 alice production")
        );
        Assert.Equal("x", Mask(new ServeOptions { ApiKeyFile = file + ".gone" }).Apply("x"));
    }

    [Fact]
    public void A_secret_within_another_leaves_nothing_of_that_one() =>
        Assert.Equal(
            "*** ***",
            Mask(new ServeOptions { ApiKey = ["secret", "secret-and-more"] }).Apply("secret-and-more secret")
        );

    [Fact]
    public void Secrets_are_found_as_Python_and_JSON_quote_them()
    {
        const string secret = "a'b\\c\"dé+";
        SecretMask mask = Mask(new ServeOptions { ApiKey = [secret] });
        Assert.Equal(
            "'***' \"***\" \"***\"",
            mask.Apply("'a\\'b\\\\c\"dé+' \"a'b\\\\c\\\"dé+\" \"a\\u0027b\\\\c\\u0022d\\u00E9\\u002B\"")
        );
    }

    [Fact]
    public void What_is_too_short_to_be_a_secret_and_text_without_one_stay()
    {
        const string line = "the loss is 12345";
        Assert.Equal(line, Mask(new ServeOptions { ApiKey = ["12345", ""] }).Apply(line));
        Assert.Same(line, Mask(new ServeOptions { ApiKey = ["123456"] }).Apply(line));
        Assert.Same(line, Mask(new ServeOptions()).Apply(line));
    }

    [Fact]
    public void A_launch_is_shown_as_a_shell_would_take_it_without_its_secrets()
    {
        var launch = new EngineLaunch(
            "/opt/my venv/python3",
            ["-m", "x", "--api-key", "sk-123456", "--hf-token=hf-123456", "", "it's", "a=b"],
            new Dictionary<string, string>
            {
                ["SPT_NOENV"] = "1",
                ["HF_TOKEN"] = "hf-123456",
                ["TWO"] = "a b",
            }
        );
        Assert.Equal(
            """SPT_NOENV=1 HF_TOKEN=*** TWO='a b' '/opt/my venv/python3' -m x --api-key *** --hf-token=*** '' """
                + """'it'\''s' a=b""",
            launch.Describe()
        );
    }

    private static SecretMask Mask(ServeOptions options) =>
        SecretMask.Of(options, ServeKeys.Read(options), NoVariables);
}
