using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Precedence: defaults, file, variables, flags; the last one counts.</summary>
public sealed class PrecedenceTests
{
    public static TheoryData<string> Keys => [.. SettingTable.All.Select(setting => setting.Key)];

    [Fact]
    public void The_table_has_a_row_for_every_setting_and_every_row_has_a_default_or_none()
    {
        IEnumerable<string> properties = typeof(ServeOptions)
            .GetProperties()
            .Where(property => property.CanWrite && property.Name != nameof(ServeOptions.IsBackendAddressGiven))
            .Select(property => property.Name);
        Assert.Equal(properties.Order(), SettingTable.All.Select(setting => setting.Key).Order());

        Assert.All(
            SettingTable.All,
            setting =>
            {
                var options = new ServeOptions();
                if (setting.Write(options) is { } text)
                    Assert.Null(setting.Apply(text, ref options));
                Assert.Equal(new ServeOptions { BackendArguments = options.BackendArguments }, options);
            }
        );
    }

    [Theory]
    [InlineData(
        nameof(ServeOptions.BackendStartupTimeout),
        "--backend-startup-timeout",
        "INFERENCE_BACKEND_STARTUP_TIMEOUT"
    )]
    [InlineData(nameof(ServeOptions.Seed), "--seed", "INFERENCE_SEED")]
    [InlineData(nameof(ServeOptions.StopOnStdinEof), "--stop-on-stdin-eof", "INFERENCE_STOP_ON_STDIN_EOF")]
    public void One_spelling_gives_flag_and_variable(string key, string flag, string variable)
    {
        Assert.Equal((flag, variable), (SettingTable.Of(key).Flag, SettingTable.Of(key).Variable));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void The_flag_wins_over_the_variable_over_the_file_over_the_default(string key)
    {
        Setting setting = SettingTable.Of(key);
        string[] examples = SettingExamples.Of(setting);
        for (int layers = 0; layers < 8; layers++)
        {
            Given given = Write([(setting, layers)]);
            ResolvedConfiguration configuration = given.Read();
            string value = layers switch
            {
                0 => setting.Write(Given.Defaults) ?? setting.Unset?.Invoke() ?? "(none)",
                1 => examples[0],
                2 or 3 => examples[1],
                _ => examples[2],
            };
            string origin = layers switch
            {
                0 => "default",
                1 => $"file {given.Path}",
                2 or 3 => $"variable {setting.Variable}",
                _ => $"flag {setting.Flag}",
            };
            Assert.Equal(
                (layers == 0 ? value : setting.Redact(value), origin),
                Given.Row(configuration.Print(), setting)
            );
            Assert.Equal(layers == 0 ? setting.Write(Given.Defaults) : value, setting.Write(configuration.Options));
        }
    }

    [Fact]
    public void Settings_do_not_touch_each_other()
    {
        for (uint round = 0; round < 100; round++)
        {
            // Any hash suffices: each round has other layers for every setting.
            (Setting Setting, int Layers)[] choice =
            [
                .. SettingTable.All.Select(
                    (setting, i) => (setting, (int)((round * 2654435761u + (uint)i * 2246822519u) >> 13) & 7)
                ),
            ];
            Given given = Write(choice);
            string printed = given.Read().Print();
            Assert.Empty(given.Parse().Problems);
            Assert.All(
                choice,
                row =>
                {
                    string[] examples = SettingExamples.Of(row.Setting);
                    string value = row.Layers switch
                    {
                        0 => row.Setting.Write(Given.Defaults) ?? row.Setting.Unset?.Invoke() ?? "(none)",
                        1 => examples[0],
                        2 or 3 => examples[1],
                        _ => examples[2],
                    };
                    Assert.Equal(
                        row.Layers == 0 ? value : row.Setting.Redact(value),
                        Given.Row(printed, row.Setting).Value
                    );
                }
            );
        }
    }

    [Fact]
    public void The_last_of_several_flags_counts()
    {
        Assert.Equal(3, Given.Of("--port", "1", "--proxy-port", "2", "--port=3").Read().Options.ProxyPort);
        Assert.True(Given.Of("--strict-model", "false", "--strict-model").Read().Options.StrictModel);
        Assert.Equal(LogLevel.Debug, Given.Of("--log-level", "ERROR", "--debug").Read().Options.LogLevel);
        Assert.Equal(LogLevel.Error, Given.Of("--debug", "--log-level", "ERROR").Read().Options.LogLevel);
    }

    [Fact]
    public void An_empty_variable_and_a_null_in_the_file_say_nothing()
    {
        Given given = Given.Variables(("INFERENCE_BACKEND_PORT", ""), ("INFERENCE_CONFIG", "")) with
        {
            File = """{"Inference":{"BackendPort":1,"LogFile":null}}""",
        };
        Assert.Equal(1, given.Read().Options.BackendPort);
        Assert.Null(given.Read().Options.LogFile);
    }

    [Fact]
    public void A_bad_value_that_is_overridden_does_no_harm()
    {
        Given given = Given.Variables(("INFERENCE_BACKEND_PORT", "x")) with
        {
            Arguments = ["--model-path", "m", "--backend-port", "5"],
            File = """{"Inference":{"BackendPort":"y"}}""",
        };
        Assert.Empty(given.Problems());
        Assert.Equal(5, given.Read().Options.BackendPort);
    }

    [Fact]
    public void The_flag_of_the_config_file_wins_over_its_variable()
    {
        string other = new Given().Path;
        Given given = Given.Variables((ConfigFile.Variable, other));
        File.WriteAllText(other, """{"Inference":{"Seed":1}}""");
        File.WriteAllText(given.Path, """{"Inference":{"Seed":2}}""");
        Assert.Equal(1, given.Read().Options.Seed);
        Assert.Equal(2, (given with { Arguments = ["--config", given.Path] }).Read().Options.Seed);
        Assert.Matches($"{Regex.Escape(other)} +variable INFERENCE_CONFIG\n", given.Read().Print());
    }

    /// <summary>Writes settings to the layers given by bits: 1 the file, 2 a variable, 4 a flag.</summary>
    private static Given Write((Setting Setting, int Layers)[] settings)
    {
        var file = new Dictionary<string, string>();
        var environment = new Dictionary<string, string>();
        var arguments = new List<string>();
        // The words after -- come last.
        foreach ((Setting setting, int layers) in settings.OrderBy(row => row.Setting.Flag == "--"))
        {
            string[] examples = SettingExamples.Of(setting);
            if ((layers & 1) != 0)
                file[setting.Key] = examples[0];
            if ((layers & 2) != 0)
                environment[setting.Variable] = examples[1];
            if ((layers & 4) != 0)
                arguments.AddRange(SettingExamples.Arguments(setting, examples[2]));
        }
        return new Given
        {
            Arguments = arguments,
            Environment = environment,
            File = JsonSerializer.Serialize(new { Inference = file }),
        };
    }
}
