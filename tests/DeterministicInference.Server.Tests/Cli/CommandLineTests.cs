using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Engines.Embedded;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli;

/// <summary>Wrong settings and folders: commands print one line with the remedy, and return the exit code.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("engine --nope", "error: --nope: unknown option. engine --help lists the options.")]
    [InlineData("engine --thraeds 3", "error: --thraeds: unknown option. Did you mean --threads?")]
    [InlineData("engine extra", "error: 'extra': unexpected argument. engine takes none; quote a text with spaces.")]
    [InlineData("engine --port", "error: --port: the value is missing. Give --port NUMBER.")]
    [InlineData(
        "engine --log-level WRANING",
        "error: --log-level: 'WRANING' is not a log level. Did you mean WARNING? Give DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )]
    [InlineData("verify --requst x y", "error: --requst: unknown option. Did you mean --request?")]
    [InlineData("verify a b", "error: 'b': unexpected argument. verify takes RECEIPT; quote a text with spaces.")]
    [InlineData("verify a --deliver sse", "error: --deliver: unknown option. Did you mean --delivery?")]
    [InlineData("verify a --delivery ssse", "error: --delivery: 'ssse' is not json or sse. Did you mean sse?")]
    [InlineData(
        "verify a --require witnesed",
        "error: --require: 'witnesed' is none of signed, logged, witnessed, replayed. Did you mean witnessed?"
    )]
    [InlineData("ask one two", "error: 'two': unexpected argument. ask takes QUESTION; quote a text with spaces.")]
    [InlineData(
        "receipts lst",
        "error: receipts: 'lst' is none of its commands. Did you mean list? Commands are list, show, check, export, init, rotate, revoke, monitor, mirror."
    )]
    [InlineData(
        "receipts",
        "error: receipts: a command is missing. Commands are list, show, check, export, init, rotate, revoke, monitor, mirror."
    )]
    [InlineData("receipts list --limt 3", "error: --limt: unknown option. Did you mean --limit?")]
    [InlineData(
        "receipts export",
        "error: --answer: is missing. Give --answer FILE.",
        "error: --output: is missing. Give --output FILE."
    )]
    [InlineData(
        "completion basch",
        "error: SHELL: 'basch' has no completion. Did you mean bash? Give bash, zsh, fish or pwsh."
    )]
    [InlineData(
        "help vrify",
        "error: help: 'vrify' is no command. Did you mean verify? Commands are serve, ask, verify, doctor, receipts, witness, engine, completion."
    )]
    [InlineData(
        "versoin answer.json x",
        "error: 'versoin': unknown command or argument. Did you mean version? Commands are serve, ask, verify, doctor, receipts, witness, engine, completion; arguments of the engine stand after --."
    )]
    [InlineData(
        "serve --backend embeded",
        "error: --backend: 'embeded' is not a known engine. Did you mean embedded? Give sglang, vllm, llamacpp, tgi, embedded or external."
    )]
    [InlineData(
        "serve --backend embedded --receipts inlien",
        "error: --receipts: 'inlien' is not a choice. Did you mean inline? Give inline, reference or off."
    )]
    [InlineData("engine --port abc", "error: --port: 'abc' is not a whole number from 0 to 65535.")]
    [InlineData("engine --port 70000", "error: --port: '70000' is not a whole number from 0 to 65535.")]
    [InlineData("engine --port 1 --port 2", "error: Option '--port' expects a single argument but 2 were provided.")]
    [InlineData(
        "engine --host nowhere",
        "error: --host: 'nowhere' is not an IP address. Give 127.0.0.1, ::1, 0.0.0.0 or localhost."
    )]
    [InlineData("engine --threads 0", "error: --threads: '0' is not a whole number from 1 to 512.")]
    [InlineData("engine --max-sequences 0", "error: --max-sequences: '0' is not a whole number from 1 to 4096.")]
    [InlineData("engine --prefill-chunk 0", "error: --prefill-chunk: '0' is not a whole number from 1 to 65536.")]
    [InlineData("engine --kv-cache-mib 0", "error: --kv-cache-mib: '0' is not a whole number from 1 to 16777216.")]
    [InlineData(
        "engine --seed 1.5",
        "error: --seed: '1.5' is not a whole number from -9223372036854775808 to 9223372036854775807."
    )]
    [InlineData(
        "engine --max-request-bytes -1",
        "error: --max-request-bytes: '-1' is not a whole number from 1 to 9223372036854775807."
    )]
    [InlineData(
        "engine --log-level LOUD",
        "error: --log-level: 'LOUD' is not a log level. Give DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )]
    [InlineData("doctor --beside 65", "error: --beside: '65' is not a whole number from 0 to 64.")]
    public async Task A_wrong_command_line_is_exit_code_2_with_one_line_per_error(
        string arguments,
        params string[] errors
    )
    {
        CommandResult result = await ServerProgram.Built.RunAsync(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.Equal(2, result.ExitCode);
        Assert.Equal(errors, result.ErrorLines);
        Assert.Equal("", result.Output);
    }

    [Theory]
    [InlineData("--help", "engine", "doctor")]
    [InlineData("help", "engine", "doctor")]
    [InlineData("help verify", "10 CONTRADICTED")]
    [InlineData("help receipts export", "--without-request")]
    [InlineData("receipts rotate --help", "--revoke")]
    [InlineData("receipts help", "rotate")]
    [InlineData("engine --help", "--model-path", "--kv-cache-mib", "--log-level")]
    [InlineData("doctor --help", "--prefill-chunk", "--beside", "embedded if no setting says which engine")]
    [InlineData("verify --help", "10 CONTRADICTED", "15 UNREACHABLE")]
    public async Task Help_lists_what_there_is(string arguments, params string[] words)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(arguments.Split(' '));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Error);
        Assert.All(words, word => Assert.Contains(word, result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_model_folder_is_named()
    {
        string folder = Path.Combine(TestModels.NewFolder("models"), "nowhere");
        string error = await FailsAsync(["engine", "--port", "0", "--model-path", folder]);
        Assert.Equal(
            $"error: {folder}: does not exist. Pass --model-path the folder of a Hugging Face model (config.json, "
                + "*.safetensors, tokenizer.json).",
            error
        );
    }

    [Fact]
    public async Task A_file_instead_of_a_folder_is_named()
    {
        string file = Path.Combine(TestModels.Scripted, "config.json"),
            error = await FailsAsync(["engine", "--port", "0", "--model-path", file]);
        Assert.StartsWith($"error: {file}: is a file, not a folder.", error, StringComparison.Ordinal);
        // Doctor's answer is its diagnosis.
        CommandResult doctor = await ServerProgram.Built.RunAsync([
            "doctor",
            "--json",
            "--backend",
            "embedded",
            "--model-path",
            file,
        ]);
        Assert.Equal((1, ""), (doctor.ExitCode, doctor.Error));
        JsonNode finding = Assert.Single(JsonNode.Parse(doctor.Output)!["findings"]!.AsArray())!;
        Assert.Equal(
            ("refused", "model_file", error["error: ".Length..]),
            ((string?)finding["kind"], (string?)finding["code"], (string?)finding["text"])
        );
    }

    [Fact]
    public Task Truncated_weights_are_named() =>
        SpoiltAsync(
            "model.safetensors",
            path => File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1000]),
            "corrupt safetensors file: tensor 'lm_head.weight' ends at byte",
            "Download the file again."
        );

    [Fact]
    public Task Weights_that_are_something_else_are_named() =>
        SpoiltAsync(
            "model.safetensors",
            path => File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1"),
            "corrupt safetensors file",
            "Download the file again."
        );

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public Task A_missing_file_is_named(string file) =>
        SpoiltAsync(file, File.Delete, file == "model.safetensors" ? "no model.safetensors" : "not found", "");

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public Task A_file_that_can_not_be_read_is_named(string file) =>
        SpoiltAsync(
            file,
            path =>
            {
                // A link to itself can't be opened, not even by root.
                File.Delete(path);
                File.CreateSymbolicLink(path, path);
            },
            file == "tokenizer_config.json" ? "" : file,
            ""
        );

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public Task A_file_that_is_not_JSON_is_named(string file) =>
        SpoiltAsync(file, path => File.WriteAllText(path, "{\n\"a\":"), file, "");

    [Fact]
    public Task An_architecture_that_is_not_supported_is_named_with_the_alternative() =>
        SpoiltAsync(
            "config.json",
            path => Replace(path, "LlamaForCausalLM", "MambaForCausalLM"),
            "architecture 'MambaForCausalLM' is not supported",
            "--backend sglang or vllm"
        );

    [Fact]
    public Task A_tokenizer_of_another_model_is_noticed() =>
        SpoiltAsync(
            "config.json",
            path => Replace(path, "\"vocab_size\": 262", "\"vocab_size\": 200"),
            "The two files belong to different models.",
            ""
        );

    [Fact]
    public Task Weights_of_another_model_are_noticed() =>
        SpoiltAsync(
            "config.json",
            path => Replace(path, "\"intermediate_size\": 8", "\"intermediate_size\": 9"),
            "mlp.gate_proj.weight' has shape [8, 264], but config.json asks for [9, 264]",
            ""
        );

    [Fact]
    public async Task A_port_in_use_is_named_with_the_remedy()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string error = await FailsAsync(["engine", "--model-path", TestModels.Scripted, "--port", $"{port}"]);
        Assert.Contains($"127.0.0.1:{port}", error, StringComparison.Ordinal);
        Assert.EndsWith("Stop the other program, or choose another --port.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_refused()
    {
        string error = await FailsAsync([
            "engine",
            "--model-path",
            TestModels.Scripted,
            "--host",
            "203.0.113.7",
            "--port",
            "0",
        ]);
        Assert.EndsWith("Choose another --host or --port.", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", "http://127.0.0.1:")]
    [InlineData("127.0.0.1", "http://127.0.0.1:")]
    [InlineData("127.0.0.2", "http://127.0.0.2:")]
    public async Task It_listens_on_the_given_address(string host, string url)
    {
        await using EngineProcess engine = await EngineProcess.StartAsync(
            TestModels.Scripted,
            "--host",
            host,
            "--served-model-name",
            "org/name"
        );
        Assert.StartsWith(url, engine.Url, StringComparison.Ordinal);
        JsonObject models = (await engine.Api.GetAsync("/v1/models")).Json;
        Assert.Equal("org/name", (string?)models["data"]![0]!["id"]);
        Assert.Equal("org/name", (string?)(await engine.Api.GetAsync("/v1/models/org%2Fname")).Json["id"]);
        Assert.Equal(
            "org/name",
            (string?)(await engine.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","model":"other"}"""))["model"]
        );
    }

    [Fact]
    public async Task Without_a_path_the_bundled_model_is_served()
    {
        await using EngineProcess engine = await EngineProcess.StartAsync(ServerProgram.Built, []);
        Assert.Equal(
            ServeOptions.BundledModel,
            (string?)(await engine.Api.GetAsync("/v1/models")).Json["data"]![0]!["id"]
        );
        JsonObject chat = await engine.Api.JsonAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"Hello!"}],"temperature":0,"max_tokens":64}"""
        );
        Assert.NotEmpty(ChoiceText.Of(chat)[0].Text);
    }

    [Fact]
    public async Task A_model_without_a_chat_template_says_so()
    {
        Assert.SkipWhen(TestModels.TinyStories is null, TestModels.NeedsShared);
        await using EngineProcess engine = await EngineProcess.StartAsync(TestModels.TinyStories!);
        JsonNode error = OpenAIErrors.Read(
            await engine.Api.PostAsync(ApiClient.Chat, """{"messages":[{"role":"user","content":"x"}]}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Equal("messages", (string?)error["param"]);
        Assert.Contains("no chat template", (string?)error["message"], StringComparison.Ordinal);
        JsonObject story = await engine.Api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"Once upon a time","max_tokens":20,"temperature":0}"""
        );
        Assert.StartsWith(", a little girl named Lily", ChoiceText.Of(story)[0].Text, StringComparison.Ordinal);
    }

    private static async Task<string> FailsAsync(string[] arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(arguments);
        string error = Assert.Single(result.ErrorLines);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        return error;
    }

    /// <summary>Both commands must fail on a model folder with one damaged file.</summary>
    private static async Task SpoiltAsync(string file, Action<string> spoil, params string[] expected)
    {
        string folder = TestModels.NewFolder("spoilt");
        foreach (string path in Directory.GetFiles(TestModels.Scripted))
            File.Copy(path, Path.Combine(folder, Path.GetFileName(path)));
        spoil(Path.Combine(folder, file));
        string error = await FailsAsync(["engine", "--model-path", folder, "--port", "0"]);
        Assert.Contains(folder, error, StringComparison.Ordinal);
        Assert.All(expected, text => Assert.Contains(text, error, StringComparison.Ordinal));
    }

    private static void Replace(string path, string old, string value)
    {
        string text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, value, StringComparison.Ordinal));
    }
}
