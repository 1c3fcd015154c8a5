using DeterministicInference.Server.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration.Values;

/// <summary>Texts that are values, and texts that are not.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData("300", 300_000)]
    [InlineData("1.5", 1_500)]
    [InlineData(" 30s ", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("250ms", 250)]
    [InlineData("0.5 h", 1_800_000)]
    [InlineData("576h", 2_073_600_000)]
    [InlineData("24d", 2_073_600_000)]
    [InlineData("2MS", 2)]
    public void Durations_are_seconds_or_have_a_unit(string text, double milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Read("--drain-timeout", text).DrainTimeout);
    }

    [Theory]
    [InlineData("-1", "is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h.")]
    [InlineData("soon", "is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h.")]
    [InlineData("1,5", "is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h.")]
    [InlineData("1e3", "is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h.")]
    [InlineData("5 min", "is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h.")]
    [InlineData("577h", "is too long. Give at most 576h.")]
    [InlineData("79228162514264337593543950335", "is too long. Give at most 576h.")]
    [InlineData("0", "must be greater than 0.")]
    [InlineData("0.00000001ms", "must be greater than 0.")]
    public void What_is_no_duration_is_refused(string text, string complaint) =>
        Refused("--connect-timeout", text, complaint);

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("1", true)]
    [InlineData("yes", true)]
    [InlineData("ON", true)]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("No", false)]
    [InlineData("off", false)]
    public void Booleans_have_the_usual_names(string text, bool value)
    {
        Assert.Equal(value, Read("--strict-model", text).StrictModel);
        Assert.Equal(value, Given.Variables(("INFERENCE_LOG_TO_CONSOLE", text)).Read().Options.LogToConsole);
    }

    [Fact]
    public void The_flag_of_a_boolean_alone_means_true()
    {
        Assert.True(Given.Of("--strict-model").Read().Options.StrictModel);
        Assert.True(Given.Of("--strict-model", "--port", "1").Read().Options.StrictModel);
        Refused("--strict-model", "maybe", "is neither true nor false. Give true or false (also 1/0, yes/no, on/off).");
    }

    [Theory]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("Info", LogLevel.Information)]
    [InlineData("INFORMATION", LogLevel.Information)]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("WARNING", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("critical", LogLevel.Critical)]
    [InlineData("FATAL", LogLevel.Critical)]
    public void Log_levels_have_the_names_of_Python_and_of_NET(string text, LogLevel level) =>
        Assert.Equal(level, Read("--log-level", text).LogLevel);

    [Theory]
    [InlineData("1", 1)]
    [InlineData("1000", 1000)]
    [InlineData("512KiB", 512 << 10)]
    [InlineData("32mib", 32 << 20)]
    [InlineData("1 GiB", 1 << 30)]
    public void Sizes_are_bytes_or_have_a_unit(string text, long bytes) =>
        Assert.Equal(bytes, Read("--max-request-bytes", text).MaxRequestBytes);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5MiB")]
    [InlineData("32MB")]
    [InlineData("99999999999GiB")]
    public void What_is_no_size_is_refused(string text) =>
        Refused(
            "--max-request-bytes",
            text,
            "is not a size. Give bytes, at least 1, or a whole number with a unit: 512KiB, 32MiB, 1GiB."
        );

    [Theory]
    [InlineData("--proxy-host", "::1", "::1")]
    [InlineData("--proxy-host", "[::1]", "::1")]
    [InlineData("--proxy-host", "Localhost", "localhost")]
    [InlineData("--backend-host", "node-7.cluster", "node-7.cluster")]
    public void Hosts_are_addresses_or_names(string flag, string text, string host)
    {
        ServeOptions options = Read(flag, text);
        Assert.Equal(host, flag == "--proxy-host" ? options.ProxyHost : options.BackendHost);
    }

    [Theory]
    [InlineData("--proxy-host", "node", "is not an IP address. Give 127.0.0.1, ::1, 0.0.0.0 or localhost.")]
    [InlineData("--proxy-host", "1", "is not an IP address. Give 127.0.0.1, ::1, 0.0.0.0 or localhost.")]
    [InlineData("--proxy-host", "256.0.0.1", "is not an IP address. Give 127.0.0.1, ::1, 0.0.0.0 or localhost.")]
    [InlineData(
        "--backend-host",
        "256.0.0.1",
        "is neither an IP address nor a host name. Give 127.0.0.1, ::1, 0.0.0.0 or localhost."
    )]
    [InlineData(
        "--backend-host",
        "a b",
        "is neither an IP address nor a host name. Give 127.0.0.1, ::1, 0.0.0.0 or localhost."
    )]
    [InlineData(
        "--backend-host",
        "http://a",
        "is neither an IP address nor a host name. Give 127.0.0.1, ::1, 0.0.0.0 or localhost."
    )]
    [InlineData("--backend-url", "localhost:30000", "is not a URL. Give http://HOST:PORT.")]
    [InlineData("--backend-url", "ftp://a", "is not a URL. Give http://HOST:PORT.")]
    [InlineData("--backend-url", "http://a:99999", "is not a URL. Give http://HOST:PORT.")]
    [InlineData("--backend-url", "http://a:1/v1", "has a path. Give only http://a:1.")]
    [InlineData("--backend-url", "http://a:1/?x=1", "has a path. Give only http://a:1.")]
    [InlineData("--backend-port", "0", "is not a whole number from 1 to 65535.")]
    [InlineData("--backend-port", "65536", "is not a whole number from 1 to 65535.")]
    [InlineData("--proxy-port", "-1", "is not a whole number from 0 to 65535.")]
    [InlineData("--proxy-port", "8080.0", "is not a whole number from 0 to 65535.")]
    [InlineData(
        "--seed",
        "9223372036854775808",
        "is not a whole number from -9223372036854775808 to 9223372036854775807, nor random."
    )]
    [InlineData("--log-level", "LOUD", "is not a log level. Give DEBUG, INFO, WARNING, ERROR or CRITICAL.")]
    [InlineData("--log-format", "xml", "is not a choice. Give text or json.")]
    [InlineData("--determinism", "on", "is not a choice. Give enforce, strict or off.")]
    [InlineData("--stop-on-stdin-eof", "maybe", "is not a choice. Give auto, on or off.")]
    [InlineData("--served-model-name", " ", "is empty. Give a value, or leave the setting out.")]
    [InlineData("--served-model-name", "a\nb", "contains a control character. Remove it.")]
    public void What_is_no_value_is_refused_with_what_to_give(string flag, string text, string complaint) =>
        Refused(flag, text, complaint);

    [Fact]
    public void A_password_in_a_URL_is_refused_and_not_shown()
    {
        string problem = Assert.Single(Given.Of("--backend-url", "http://user:secret@a:1").Problems());
        Assert.Equal(
            "--backend-url: 'http://***@a:1' contains a user name or password, which the server does not send. Give "
                + "http://HOST:PORT.",
            problem
        );
    }

    [Fact]
    public void What_follows_two_dashes_is_kept_verbatim()
    {
        string[] words = ["--port", "5", "--", "", "a b", "\"q\"", "é\n", "--config=x", "@file"];
        Assert.Equal(words, Given.Of(["--model-path", "m", "--", .. words]).Read().Options.BackendArguments);
        Assert.Empty(Given.Of("--model-path", "m", "--").Read().Options.BackendArguments);
    }

    [Theory]
    [InlineData("--tp-size 2  --nnodes\t3", "--tp-size", "2", "--nnodes", "3")]
    [InlineData("""["--name","a \"b\""]""", "--name", "a \"b\"")]
    public void A_variable_holds_words_or_a_JSON_array(string text, params string[] words) =>
        Assert.Equal(words, Given.Variables(("INFERENCE_BACKEND_ARGUMENTS", text)).Read().Options.BackendArguments);

    [Theory]
    [InlineData("--name 'a b'")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("[\"a\"")]
    [InlineData("""["\ud800"]""")]
    public void A_list_that_can_not_be_read_is_refused_and_not_shown(string text)
    {
        string problem = Assert.Single(
            Given.Variables(("INFERENCE_MODEL_PATH", "m"), ("INFERENCE_BACKEND_ARGUMENTS", text)).Problems()
        );
        Assert.StartsWith(
            "--: '***' from INFERENCE_BACKEND_ARGUMENTS is not a list of words. Give words between spaces",
            problem,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_value_is_shown_as_a_text_that_reads_the_same()
    {
        Assert.All(
            SettingTable.All,
            setting =>
                Assert.All(
                    SettingExamples.Of(setting),
                    text =>
                    {
                        var options = new ServeOptions();
                        Assert.Null(setting.Apply(text, ref options));
                        Assert.Equal(text, setting.Write(options));
                    }
                )
        );
    }

    private static ServeOptions Read(string flag, string text)
    {
        Given given = Given.Of("--model-path", "m", flag, text);
        Assert.Empty(given.Problems());
        return given.Read().Options;
    }

    private static void Refused(string flag, string text, string complaint) =>
        Assert.Equal([$"{flag}: '{text}' {complaint}"], Given.Of("--model-path", "m", flag, text).Problems());
}
