using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Acme;
using DeterministicInference.Server.Tests.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>
/// tests/AcmeServer follows docs/adding-a-backend.md exactly: it is the server with the page's folder and registration.
/// Anything else that a new engine would need to change fails here.
/// </summary>
public sealed partial class AddingABackendTests
{
    private const string Server = "src/DeterministicInference.Server",
        Example = "tests/AcmeServer";

    private static readonly string Page = RepositoryFiles.Read("docs/adding-a-backend.md");

    private static readonly EngineRegistry Extended = EngineRegistry.BuiltIn.With(new AcmeKind());

    /// <summary>The server with the engine, as a program.</summary>
    private static ServerProgram Program { get; } =
        new(ServerProgram.Built.File, [Path.Combine(AppContext.BaseDirectory, "AcmeServer.dll")]);

    [Fact]
    public void The_page_has_every_file_of_the_example_to_the_letter_and_no_other()
    {
        string folder = Path.Combine(RepositoryFiles.Root, Example, "Engines");
        IEnumerable<(string Path, string Text)> files =
        [
            .. Directory
                .GetFiles(folder, "*.cs", SearchOption.AllDirectories)
                .Select(file => ($"{Server}/Engines/{Path.GetRelativePath(folder, file)}", File.ReadAllText(file))),
            (
                "tests/DeterministicInference.Server.Tests/Engines/Acme/AcmeLaunchTests.cs",
                RepositoryFiles.Read("tests/DeterministicInference.Server.Tests/Engines/Acme/AcmeLaunchTests.cs")
            ),
        ];
        IEnumerable<(string Path, string Text)> shown = CodeOfFile()
            .Matches(Page)
            .Select(block => (block.Groups["path"].Value, block.Groups["code"].Value));
        Assert.Equal(files.Order(), shown.Order());
    }

    [Fact]
    public void The_page_names_every_member_of_an_engine()
    {
        Type[] parts =
        [
            typeof(IEngineKind),
            typeof(IEngineLauncher),
            typeof(IEngineDeterminism),
            typeof(IEngineFacts),
            typeof(EngineHealthRoutes),
        ];
        Assert.All(
            parts
                .SelectMany(part =>
                    part.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                )
                .Where(member =>
                    member is PropertyInfo
                    || (member is MethodInfo { IsSpecialName: false } && member.DeclaringType!.IsInterface)
                ),
            member => Assert.Contains($"`{member.Name}", Page, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Besides_its_folder_its_registration_and_its_tests_nothing_has_to_change()
    {
        string[] registration = [.. Statements(Example).Except(Statements(Server))];
        Assert.Equal(
            [
                "return await RootCommandLine.RunAsync(args, EngineRegistry.BuiltIn.With(new AcmeKind()), "
                    + "GatewayServer.RunAsync);",
            ],
            registration
        );
        string[] others =
        [
            .. Directory
                .GetFiles(Path.Combine(RepositoryFiles.Root, Example), "*.cs", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Path.Combine(RepositoryFiles.Root, Example), file))
                .Where(file =>
                    file != "Program.cs"
                    && !file.StartsWith("Engines/Acme/", StringComparison.Ordinal)
                    && !file.StartsWith("obj", StringComparison.Ordinal)
                ),
            .. NamesOfEngines(),
        ];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Adding an engine: 1 folder, {registration.Length} registration, and {others.Length} other changes."
        );
        Assert.Empty(others);
    }

    [Fact]
    public void Its_documentation_follows_from_the_registration()
    {
        foreach (string page in EngineTables.Pages)
        {
            string text = RepositoryFiles.Read(page),
                extended = EngineTables.Write(page, text, Extended);
            Assert.Contains("`acme`", extended, StringComparison.Ordinal);
            Assert.Equal(text, EngineTables.Write(page, extended, EngineRegistry.BuiltIn));
        }
        Assert.Contains(
            "| `acme` | Acme server | `ACME_TELEMETRY=off acme-serve --model /models/m --name m --bind "
                + "127.0.0.1:30000 "
                + "--fixed-order` | 8 | Acme's fixed-order kernels, for one build on processors of one kind |\n",
            EngineTables.Write(EngineTables.Operations, RepositoryFiles.Read(EngineTables.Operations), Extended),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Its_settings_and_its_help_follow_from_the_registration()
    {
        CommandResult help = await Program.RunAsync(["--help"]);
        string text = Regex.Replace(help.Output, @"\s+", " ");
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains(
            "The engine: sglang, vllm, llamacpp, embedded or acme; tgi and external only with --backend-url.",
            text,
            StringComparison.Ordinal
        );
        CommandResult wrong = await Program.RunAsync(["--backend", "acmee"]);
        Assert.Equal(
            (
                2,
                "error: --backend: 'acmee' is not a known engine. Did you mean acme? Give sglang, vllm, "
                    + "llamacpp, tgi, embedded, external or acme.\n"
            ),
            (wrong.ExitCode, wrong.Error)
        );
        Given given = Given.Of("--backend", "acme") with { Backends = Extended.Choices };
        Assert.StartsWith("--model-path: no model.", Assert.Single(given.Problems()), StringComparison.Ordinal);
        Assert.Empty((given with { Arguments = ["--backend", "acme", "--model-path", "m"] }).Problems());
    }

    [Theory]
    [InlineData("", 0, "deterministic", "engine_not_described")]
    [InlineData("--kv-bits 8", 3, "best-effort", "engine_not_described", "kv_cache_type")]
    [InlineData("--speculate", 1, "best-effort", "engine_not_described", "speculative_decoding")]
    public async Task It_is_assessed_before_its_launch(
        string own,
        int exitCode,
        string determinism,
        string pending,
        params string[] reasons
    )
    {
        CommandResult result = await Program.RunAsync([
            "doctor",
            .. Settings(),
            "--json",
            "--",
            .. own.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ]);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
        JsonNode json = JsonNode.Parse(result.Output)!;
        Assert.Equal(determinism, (string?)json["class"]);
        Assert.Equal(
            [pending],
            json["pending"]!.AsArray().SelectMany(check => check!["codes"]!.AsArray()).Select(code => (string)code!)
        );
        Assert.Equal(
            reasons,
            json["findings"]!
                .AsArray()
                .Where(found => (string?)found!["kind"] != "note")
                .Select(found => (string)found!["code"]!)
        );
    }

    [Fact]
    public async Task It_is_launched_asked_and_ended_like_any_other()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(Program, Settings());
        await server.ReadyAsync("Acme server");
        Assert.Equal(
            """{"class":"deterministic","reasons":[],"pending":[]}""",
            (await server.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.EndsWith(
                    "| deterministic_inference.backends.acme | Answers are deterministic: Acme's fixed-order "
                        + "kernels, "
                        + "for one build on processors of one kind",
                    StringComparison.Ordinal
                )
        );
        JsonObject answer = await server.Api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"Hello","max_tokens":3,"temperature":0}"""
        );
        Assert.NotEmpty((string)answer["choices"]![0]!["text"]!);
        Assert.NotNull(answer["determinism"]!["statement"]);
        JsonNode facts = (await server.Api.GetAsync("/v1/environment")).Json["facts"]!;
        Assert.Equal("acme", (string?)facts["engine.name"]!["value"]);
        Assert.Equal("true", (string?)facts["argument.fixed_order"]!["value"]);
        Assert.Equal("off", (string?)facts["variable.acme_telemetry"]!["value"]);
        Assert.NotNull(facts["engine.version"]);
        Assert.NotNull(facts["model.sha256"]);
    }

    /// <summary>
    /// The engine's program: the embedded engine in a script that accepts Acme's arguments. Only the three flags that
    /// every engine needs have an effect.
    /// </summary>
    private static string[] Settings()
    {
        string script = Path.Combine(TestModels.NewFolder("acme"), "acme-serve");
        File.WriteAllText(
            script,
            $"""
            #!/bin/sh
            while [ $# -gt 0 ]; do
                case "$1" in
                    --model) model=$2; shift ;;
                    --name) name=$2; shift ;;
                    --bind) bind=$2; shift ;;
                esac
                shift
            done
            exec '{string.Join("' '", [ServerProgram.Built.File, .. ServerProgram.Built.Leading])}' engine \
                --model-path "$model" --served-model-name "$name" --host "${"{bind%:*}"}" --port "${"{bind##*:}"}"

            """
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return ["--backend", "acme", "--backend-command", script, "--model-path", TestModels.Chat];
    }

    /// <summary>The statements of a program, without usings and comments.</summary>
    private static IEnumerable<string> Statements(string project) =>
        RepositoryFiles
            .Read($"{project}/Program.cs")
            .Split('\n')
            .Where(line =>
                line.Length > 0
                && !line.StartsWith("using ", StringComparison.Ordinal)
                && !line.StartsWith("//", StringComparison.Ordinal)
            );

    /// <summary>
    /// Where code outside an engine's own folder names it: each such place would have to change for a new engine.
    /// </summary>
    private static IEnumerable<string> NamesOfEngines()
    {
        string server = Path.Combine(RepositoryFiles.Root, Server);
        foreach (string file in Directory.GetFiles(server, "*.cs", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(server, file);
            // The registration; and doctor's digests, which are about the embedded engine alone.
            if (path is "Engines/EngineRegistry.cs" or "Cli/Doctor/DoctorCommand.cs")
                continue;
            bool isOfEngine = EngineRegistry.BuiltIn.All.Any(engine => IsIn(path, engine));
            string[] words =
            [
                .. EngineRegistry
                    .BuiltIn.All.Where(engine => !IsIn(path, engine))
                    .SelectMany(engine =>
                        // An engine may import packages that are named as another one.
                        isOfEngine
                            ? (string[])[engine.GetType().Name]
                            : [engine.GetType().Name, $"\"{engine.Name}\"", engine.Title]
                    ),
            ];
            foreach ((int number, string line) in File.ReadLines(file).Index())
            {
                string code = Comment().Replace(line, "");
                if (words.Any(word => code.Contains(word, StringComparison.OrdinalIgnoreCase)))
                    yield return $"{path}:{number + 1}: {line.Trim()}";
            }
        }
    }

    private static bool IsIn(string path, IEngineKind engine) =>
        path.StartsWith($"Engines/{engine.GetType().Namespace!.Split('.')[^1]}/", StringComparison.Ordinal);

    [GeneratedRegex(@"//.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"`(?<path>(?:src|tests)/[^`]+\.cs)`:\n\n```csharp\n(?<code>.*?)```\n", RegexOptions.Singleline)]
    private static partial Regex CodeOfFile();
}
