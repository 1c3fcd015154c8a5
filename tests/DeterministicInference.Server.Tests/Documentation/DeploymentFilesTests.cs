using System.Globalization;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Configuration;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>The files under deploy/ fit the settings, each other and docs/operations.md.</summary>
public sealed class DeploymentFilesTests
{
    /// <summary>Time between the last step of a stop and the kill by the service manager.</summary>
    private const int Slack = 10;

    private static readonly string Unit = RepositoryFiles.Read("deploy/systemd/deterministic-inference.service");

    private static readonly string Page = RepositoryFiles.Read("docs/operations.md");

    [Fact]
    public void The_unit_waits_as_long_as_a_stop_may_take()
    {
        // No flag of its own: the defaults.
        Assert.Matches(
            "^ExecStart=/usr/local/bin/deterministic-inference-server serve --config ",
            Value("ExecStart=.*")
        );
        int needed = SecondsToStop(new ServeOptions()) + Slack;
        Assert.Equal($"TimeoutStopSec={needed}", Value("TimeoutStopSec=.*"));
        Assert.Contains($"`TimeoutStopSec={needed}`", Page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("KillMode=mixed")]
    [InlineData("Restart=on-failure")]
    [InlineData("RestartPreventExitStatus=2")]
    [InlineData("OOMPolicy=continue")]
    [InlineData("StandardInput=null")]
    [InlineData("StateDirectory=deterministic-inference")]
    [InlineData("Environment=XDG_STATE_HOME=%S")]
    public void The_unit_has_what_the_documentation_says(string line) => Assert.Single(Unit.Split('\n'), line);

    [Theory]
    [InlineData("PrivateDevices")]
    [InlineData("MemoryDenyWriteExecute")]
    [InlineData("PrivateIPC")]
    public void The_unit_leaves_GPUs_usable(string directive)
    {
        Assert.DoesNotContain(Unit.Split('\n'), line => line.StartsWith(directive, StringComparison.Ordinal));
        Assert.Contains($"`{directive}`", Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Systemd_takes_the_unit()
    {
        const string analyze = "/usr/bin/systemd-analyze";
        Assert.SkipUnless(File.Exists(analyze), "skipped: needs systemd-analyze (Debian package systemd)");
        string path = Path.Combine(TestModels.NewFolder("unit"), "deterministic-inference.service");
        // The program and its user are not installed here.
        string unit = Unit.Replace(
                "/usr/local/bin/deterministic-inference-server",
                "/bin/true",
                StringComparison.Ordinal
            )
            .Replace("User=deterministic-inference", "User=daemon", StringComparison.Ordinal);
        Assert.Equal((0, ""), await VerifyAsync(unit));
        // The check would notice an error.
        (_, string complaint) = await VerifyAsync(
            unit.Replace("KillMode=mixed", "KilMode=mixed", StringComparison.Ordinal)
        );
        Assert.Contains("KilMode", complaint, StringComparison.Ordinal);

        async Task<(int, string)> VerifyAsync(string text)
        {
            await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
            CommandResult result = await InstalledProgram.RunAsync(analyze, "verify", "--man=no", path);
            return (result.ExitCode, result.Error);
        }
    }

    [Fact]
    public void The_pod_waits_as_long_as_a_stop_may_take_and_probes_what_there_is()
    {
        YamlMappingNode[] documents = Documents();
        Assert.Equal(["Deployment", "Service"], documents.Select(document => Text(document, "kind")));
        YamlNode deployment = documents[0]["spec"],
            pod = deployment["template"]["spec"],
            container = Assert.Single((YamlSequenceNode)pod["containers"]);
        ServeOptions options = OptionsOf(container);
        int needed = SecondsToStop(options) + Slack;
        Assert.True(options.PreStopDelay > TimeSpan.Zero);
        Assert.Equal(needed, Number(pod, "terminationGracePeriodSeconds"));
        Assert.Contains($"`terminationGracePeriodSeconds: {needed}`", Page, StringComparison.Ordinal);
        foreach (
            string setting in (string[])
                [
                    $"--pre-stop-delay {options.PreStopDelay.TotalSeconds}s",
                    $"--drain-timeout {options.DrainTimeout.TotalSeconds}s",
                    $"--stop-timeout {options.StopTimeout.TotalSeconds}s",
                ]
        )
        {
            Assert.Contains($"`{setting}`", Page, StringComparison.Ordinal);
        }
        Assert.True(Number(deployment, "progressDeadlineSeconds") > options.BackendStartupTimeout.TotalSeconds);

        YamlNode port = Assert.Single((YamlSequenceNode)container["ports"]);
        Assert.Equal(options.ProxyPort, Number(port, "containerPort"));
        Assert.Equal("0.0.0.0", options.ProxyHost);
        foreach (
            (string probe, string path) in ((string, string)[])
                [("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]
        )
        {
            Assert.Equal(
                (path, "http"),
                (Text(container[probe]["httpGet"], "path"), Text(container[probe]["httpGet"], "port"))
            );
        }
        // One failed probe is enough, well before the port closes.
        Assert.True(
            Number(container["readinessProbe"], "periodSeconds") + Number(container["readinessProbe"], "timeoutSeconds")
                < options.PreStopDelay.TotalSeconds
        );
        Assert.Equal("http", Text(Assert.Single((YamlSequenceNode)documents[1]["spec"]["ports"]), "targetPort"));
        string state = Text(
            Assert.Single((YamlSequenceNode)container["env"], variable => Text(variable, "name") == "XDG_STATE_HOME"),
            "value"
        );
        Assert.Single((YamlSequenceNode)container["volumeMounts"], mount => Text(mount, "mountPath") == state);
    }

    [Fact]
    public void Every_mount_of_the_pod_has_its_volume_and_its_labels_match()
    {
        YamlMappingNode[] documents = Documents();
        YamlNode template = documents[0]["spec"]["template"],
            container = template["spec"]["containers"][0];
        Assert.Equal(Names(template["spec"]["volumes"]), Names(container["volumeMounts"]));
        Assert.Equal(
            template["metadata"]["labels"].ToString(),
            documents[0]["spec"]["selector"]["matchLabels"].ToString()
        );
        Assert.Equal(template["metadata"]["labels"].ToString(), documents[1]["spec"]["selector"].ToString());

        static IEnumerable<string> Names(YamlNode list) =>
            ((YamlSequenceNode)list).Select(item => Text(item, "name")).Order(StringComparer.Ordinal);
    }

    /// <summary>The server's settings for the container's arguments.</summary>
    private static ServeOptions OptionsOf(YamlNode container)
    {
        string[] arguments =
        [
            .. ((YamlSequenceNode)container["args"]).Select(argument => ((YamlScalarNode)argument).Value!),
        ];
        Assert.Equal("serve", arguments[0]);
        // A file of the pod, not of this machine.
        string keys = Path.Combine(TestModels.NewFolder("keys"), "api-keys");
        File.WriteAllText(keys, "a-key-for-tests\n");
        Given given = Given.Of([
            .. arguments[1..].Select(argument => argument == "/etc/inference/api-keys" ? keys : argument),
        ]);
        Assert.Empty(given.Problems());
        return given.Read().Options;
    }

    private static int SecondsToStop(ServeOptions options) =>
        (int)(options.PreStopDelay + options.DrainTimeout + options.StopTimeout).TotalSeconds;

    private static string Value(string pattern) => Regex.Match(Unit, $"^{pattern}$", RegexOptions.Multiline).Value;

    private static YamlMappingNode[] Documents()
    {
        var yaml = new YamlStream();
        using var text = new StringReader(RepositoryFiles.Read("deploy/kubernetes/deployment.yaml"));
        yaml.Load(text);
        return [.. yaml.Documents.Select(document => (YamlMappingNode)document.RootNode)];
    }

    private static string Text(YamlNode node, string key) => ((YamlScalarNode)node[key]).Value!;

    private static int Number(YamlNode node, string key) => int.Parse(Text(node, key), CultureInfo.InvariantCulture);
}
