using System.Net;
using System.Net.Sockets;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli;

/// <summary>
/// Ways to start the program wrongly. Each is answered by one line that names the setting and the remedy, before
/// anything is started: no port is opened, no engine launched, no log of receipts begun.
/// </summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class MisconfigurationTests : IDisposable
{
    private readonly TcpListener _taken = new(IPAddress.Loopback, 0);
    private readonly string _folder = TestModels.NewFolder("wrong");

    public MisconfigurationTests()
    {
        _taken.Start();
        File.WriteAllText(In("text"), "not what is expected\n");
        File.WriteAllText(In("empty"), "");
        File.WriteAllText(In("model.gguf"), "GGUX, no model");
        Directory.CreateDirectory(In("nothing"));
        Model("broken", "config.json", "{\"architectures\":");
        Model("pickle", "model.safetensors", null);
        File.WriteAllText(In("pickle/pytorch_model.bin"), "");
        Model("weightless", "model.safetensors", null);
        Model("pointer", "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
        Model("mamba", "config.json", "{\"architectures\":[\"MambaForCausalLM\"],\"model_type\":\"mamba\"}");
        Script("windows", "#!/bin/sh\r\nexit 0\r\n");
        Directory.CreateDirectory(In("bin"));
        // No interpreter that could be asked for its packages.
        Script("bin/python3", "#!/bin/sh\nexit 0\n");
        Script("bin/llama-server", "#!/bin/sh\nexit 0\n");
        Script("gone", "#!/nowhere/python3\n");
        Script("void", "");
        Script("words", "exec python3 -m sglang.launch_server\n");
        Script("elsewhere", "#!/usr/bin/env no-such-python3\n");
        Script("denied", $"#!{In("plain")}\n");
        Script("vllm-docker.sh", "#!/bin/sh\nexit 0\n");
        // A zipapp that has its packages within itself.
        Script("zipapp", $"#!{Python}\nimport sys\nsys.path.insert(0, '/nowhere')\n");
        Model("nan", "config.json", "{\"architectures\":[\"LlamaForCausalLM\"],\"time_step_limit\":[0.0,Infinity]}\n");
        File.WriteAllText(In("plain"), "#!/bin/sh\n");
        File.WriteAllText(In("config.json"), "{\"Inference\":{\"BackendPrt\":1}}");
        File.WriteAllText(In("open.json"), "{\"Inference\":{\"ApiKey\":\"\"}}");
        File.WriteAllText(In("private.pem"), "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n");
    }

    public void Dispose() => _taken.Dispose();

    [Theory]
    // Words and values.
    [InlineData("--backend embeded", 2, "--backend: 'embeded' is not a known engine. Did you mean embedded?")]
    [InlineData("--backend embedded --api-key sk-1 sk-2", 2, "'***': unexpected. A key is one word; quote several")]
    [InlineData("--backend embedded --prot 1", 2, "--prot: unknown option. Did you mean --port?")]
    [InlineData(
        "—backend embedded",
        2,
        "—backend: begins with a long dash, as text programs make of two. Write --backend."
    )]
    [InlineData(
        "--backend embedded --port http",
        2,
        "--proxy-port: 'http' from --port is not a whole number from 0 to 65535."
    )]
    [InlineData(
        "--backend embedded --proxy-port 70000",
        2,
        "--proxy-port: '70000' is not a whole number from 0 to 65535."
    )]
    [InlineData(
        "--backend embedded --log-level verbose",
        2,
        "--log-level: 'verbose' is not a log level. Give DEBUG, INFO, "
    )]
    [InlineData("--backend embedded --seed abc", 2, "--seed: 'abc' is not a whole number from ")]
    [InlineData(
        "--backend embedded --receipts inlien",
        2,
        "--receipts: 'inlien' is not a choice. Did you mean inline?"
    )]
    [InlineData("--backend embedded --hang-after soon", 2, "--hang-after: 'soon' is not a duration. Give seconds, ")]
    [InlineData(
        "--backend embedded --instructions sse",
        2,
        "--instructions: 'sse' is not a choice. Give auto, scalar, "
    )]
    [InlineData(
        "--model-path org/m --instructions avx2",
        2,
        "--instructions: 'avx2' applies to --backend embedded only."
    )]
    [InlineData("--backend embedded --api-key=", 2, "--api-key: the value is missing. Give --api-key KEYS.")]
    [InlineData(
        "--backend embedded --proxy-host example.com",
        2,
        "--proxy-host: 'example.com' is not an IP address. Give "
    )]
    [InlineData("srve", 2, "'srve': unknown command or argument. Did you mean serve?")]
    [InlineData("--backend embedded doctor", 2, "doctor: a command must come first, before its settings.")]
    [InlineData("", 2, "--model-path: no model. Pass --model-path, set INFERENCE_MODEL_PATH, or use the bundled one ")]
    [InlineData(
        "--backend external",
        2,
        "--backend-url: no engine to attach to. Pass --backend-url http://HOST:PORT, "
    )]
    [InlineData("--backend vllm --backend-url localhost:8000", 2, "--backend-url: 'localhost:8000' is not a URL")]
    [InlineData(
        "--backend vllm --backend-url http://127.0.0.1:1 --backend-command x",
        2,
        "--backend-command: 'x' has no effect: with --backend-url no engine is launched."
    )]
    [InlineData(
        "--backend vllm --backend-url http://127.0.0.1:1 -- --tp 2",
        2,
        "--: '--tp 2' has no effect: with --backend-url no engine is launched."
    )]
    // Files.
    [InlineData(
        "--backend embedded --config {folder}/open.json",
        2,
        "--api-key: the value in {folder}/open.json has no key. Give one, or leave the setting out."
    )]
    [InlineData(
        "--config {folder}/none.json",
        2,
        "--config: {folder}/none.json does not exist. Give the path of a JSON file."
    )]
    [InlineData("--config {folder}", 2, "--config: {folder} is a folder. Give the path of a JSON file.")]
    [InlineData("--config {folder}/text", 2, "--config: {folder}/text is not JSON: line 1, byte 2. Correct it there.")]
    [InlineData(
        "--backend embedded --config {folder}/config.json",
        2,
        "Inference:BackendPrt in {folder}/config.json: no setting has this key. Did you mean Inference:BackendPort?"
    )]
    [InlineData(
        "--backend embedded --api-key-file {folder}/none",
        2,
        "--api-key-file: '{folder}/none' does not exist. Create it with one key per line, or give another path."
    )]
    [InlineData(
        "--backend embedded --api-key-file {folder}/empty",
        2,
        "--api-key-file: '{folder}/empty' has no key. Write one per line: KEY, or LABEL KEY."
    )]
    [InlineData(
        "--backend embedded --log-file {folder}",
        2,
        "--log-file: '{folder}' is a folder. Give the path of a file."
    )]
    [InlineData(
        "--backend embedded --log-file {folder}/none/x.log",
        2,
        "--log-file: '{folder}/none/x.log' is in a folder that does not exist. Create the folder, or give another path."
    )]
    [InlineData(
        "--backend embedded --data-dir {folder}/text",
        2,
        "--data-dir: '{folder}/text' is a file. Give the path of a folder; it is created where it is missing."
    )]
    [InlineData(
        "--backend embedded --data-dir {folder}/text/x",
        1,
        "--data-dir: {folder}/text/x can't be created: {folder}/text is a file. Give another --data-dir, or --receipts off "
    )]
    [InlineData(
        "--backend embedded --data-dir ~other/x",
        2,
        "--data-dir: '~other/x' begins with ~ and a name. Give the whole path."
    )]
    // Ports and addresses.
    [InlineData("--backend embedded --proxy-port {taken}", 1, "--proxy-port: 127.0.0.1:{taken} is in use (pid ")]
    [InlineData(
        "--backend embedded --backend-port {taken}",
        1,
        "--backend-port: something already listens on 127.0.0.1:{taken} (pid "
    )]
    [InlineData(
        "--backend embedded --proxy-host 203.0.113.9",
        1,
        "--proxy-host: this machine does not have the address 203.0.113.9. Give one that it has, "
    )]
    // Models.
    [InlineData(
        "--backend embedded --model-path {folder}/none",
        1,
        "--model-path: '{folder}/none' does not exist on this machine. Give the path of the model."
    )]
    [InlineData(
        "--backend embedded --model-path org/model",
        1,
        "--model-path: 'org/model' does not exist on this machine, and the embedded engine downloads no models."
    )]
    [InlineData(
        "--backend embedded --model-path {folder}/nothing",
        1,
        "{folder}/nothing/config.json: not found. Pass --model-path the folder of a Hugging Face model "
    )]
    [InlineData(
        "--backend embedded --model-path {folder}/model.gguf",
        1,
        "{folder}/model.gguf: the embedded engine reads no GGUF files. Use --backend llamacpp, "
    )]
    [InlineData(
        "--backend embedded --model-path {folder}/pickle",
        1,
        "{folder}/pickle: no model.safetensors and no model.safetensors.index.json. Convert the weights to safetensors "
    )]
    [InlineData(
        "--backend embedded --model-path {folder}/weightless",
        1,
        "{folder}/weightless: no model.safetensors and no model.safetensors.index.json. Download the weights too "
    )]
    [InlineData(
        "--backend embedded --model-path {folder}/pointer",
        1,
        "{folder}/pointer/model.safetensors: corrupt safetensors file: it is a pointer of Git LFS and not the file itself: git lfs pull fetches it."
    )]
    [InlineData(
        "--backend embedded --model-path {folder}/mamba",
        1,
        "{folder}/mamba/config.json: architecture 'MambaForCausalLM' is not supported"
    )]
    [InlineData(
        "--backend embedded -- --thraeds 3",
        1,
        "Arguments after --: --thraeds: unknown option. Did you mean --threads?"
    )]
    [InlineData(
        "--backend llamacpp --backend-command {folder}/bin/llama-server --model-path {folder}/model.gguf",
        1,
        "'{folder}/model.gguf' does not begin as a GGUF file does"
    )]
    [InlineData(
        "--backend-command {python} --model-path {folder}/nothing",
        1,
        "--model-path: '{folder}/nothing' has no config.json. Give the folder of a model, "
    )]
    [InlineData(
        "--backend-command {python} --model-path {folder}/broken",
        1,
        "--model-path: '{folder}/broken' has a config.json that is no JSON object. Download the file again."
    )]
    [InlineData(
        "--backend-command {python} --model-path {folder}/text",
        1,
        "--model-path: '{folder}/text' is a file, not a folder. Give the folder with config.json, "
    )]
    // Programs.
    [InlineData(
        "--model-path org/m --backend-command {folder}/none",
        1,
        "--backend-command: '{folder}/none' was not found. Install Python 3 and SGLang (pip install sglang), name "
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}",
        1,
        "--backend-command: '{folder}' is a folder. Name a program with --backend-command."
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/plain",
        1,
        "--backend-command: '{folder}/plain' can't be executed by this user. Give it the permission (chmod +x), "
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/windows",
        1,
        "--backend-command: '{folder}/windows' has Windows line ends, with which its first line names no interpreter."
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/gone",
        1,
        "--backend-command: '{folder}/gone' names an interpreter in its first line that is not there: '/nowhere/python3'."
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/void",
        1,
        "--backend-command: '{folder}/void' is empty, or its first line is. Name a program."
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/words",
        1,
        "--backend-command: '{folder}/words' is a text whose first line names no interpreter. Begin it with #!/bin/sh, "
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/elsewhere",
        1,
        "--backend-command: '{folder}/elsewhere' names an interpreter in its first line that is not in PATH: 'no-such-"
    )]
    [InlineData(
        "--model-path org/m --backend-command {folder}/denied",
        1,
        "--backend-command: '{folder}/denied' names an interpreter in its first line that this user can't execute: "
    )]
    public async Task Serve_says_what_is_wrong(string arguments, int exitCode, string error)
    {
        string data = Path.Combine(_folder, "data");
        string[] words = Filled(arguments).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Beside the port that another program may have.
        CommandResult result = await ServerProgram.Built.RunAsync(
            words,
            ("XDG_STATE_HOME", data),
            ("INFERENCE_PROXY_PORT", words.Contains("--proxy-port") ? "" : "0")
        );
        IEnumerable<string> errors = result.ErrorLines.Where(line =>
            !line.StartsWith("warning: ", StringComparison.Ordinal)
        );
        Assert.StartsWith($"error: {Filled(error)}", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.DoesNotContain("Listening", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(data, "deterministic-inference", "receipts")), result.Output);
    }

    /// <summary>The real interpreter of the machine, without what is installed beside it.</summary>
    /// <summary>What may well start is not refused, and what can't be seen before is said.</summary>
    [Theory]
    [InlineData(
        "--backend vllm --backend-command {folder}/vllm-docker.sh --model-path /models/of/the/container",
        "vllm"
    )]
    [InlineData("--backend-command {folder}/bin/python3 --model-path {folder}/nan", "sglang")]
    [InlineData(
        "--backend vllm --backend-command {folder}/bin/python3 --model-path {folder}/nothing -- --hf-config-path org/m",
        "vllm"
    )]
    [InlineData("--backend-command {folder}/zipapp --model-path org/m", "sglang")]
    public async Task A_start_that_may_work_is_not_refused(string arguments, string module)
    {
        Assert.SkipUnless(File.Exists(Python), "skipped: needs python3");
        CommandResult result = await ServerProgram.Built.RunAsync(
            ["--check", .. Filled(arguments).Split(' ')],
            ("XDG_STATE_HOME", _folder),
            ("INFERENCE_PROXY_PORT", "0")
        );
        Assert.Equal((0, ""), (result.ExitCode, string.Join('\n', result.ErrorLines)));
        Assert.StartsWith("The server would start: ", result.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"\nOnly the start shows whether its program finds the module '{module}'.\n",
            result.Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("sglang")]
    [InlineData("vllm")]
    public async Task An_engine_that_Python_does_not_find_is_named_with_its_remedies(string backend)
    {
        Assert.SkipUnless(File.Exists(Python), "skipped: needs python3");
        CommandResult result = await ServerProgram.Built.RunAsync(
            ["--backend", backend, "--model-path", "org/m", "--backend-command", Python],
            ("PYTHONNOUSERSITE", "1"),
            ("PYTHONPATH", ""),
            ("INFERENCE_PROXY_PORT", "0"),
            ("XDG_STATE_HOME", _folder)
        );
        string error = Assert.Single(result.ErrorLines);
        Assert.StartsWith($"error: --backend-command: '{Python}' has no module '{backend}'. ", error);
        Assert.EndsWith("with --backend-command, or without a GPU use --backend embedded.", error);
        Assert.Equal(1, result.ExitCode);
    }

    [Theory]
    [InlineData("ask", 2, "ask: QUESTION is missing. Give ask QUESTION: ")]
    [InlineData("ask a b", 2, "'b': unexpected argument. ask takes QUESTION; quote a text with spaces.")]
    [InlineData("ask x --url localhost", 2, "--url: 'localhost' is not an address such as http://127.0.0.1:8080.")]
    [InlineData("verify", 2, "verify: RECEIPT is missing. Give verify RECEIPT: ")]
    [InlineData("verify {folder}/none", 2, "{folder}/none: can't be read: there is no such file.")]
    [InlineData(
        "verify {folder}/text --key {folder}/none",
        2,
        "--key: {folder}/none: can't be read: there is no such file."
    )]
    [InlineData(
        "verify {folder}/text --key {folder}/private.pem",
        2,
        "--key: {folder}/private.pem: has a private key, which nobody but its log may have."
    )]
    [InlineData(
        "verify {folder}/text --request {folder}/none",
        2,
        "--request: {folder}/none: can't be read: there is no such file."
    )]
    [InlineData("verify {folder}/text --request {folder}/empty", 2, "--request: {folder}/empty: is empty.")]
    [InlineData(
        "verify {folder}/text --trust {folder}/text",
        2,
        "--trust: {folder}/text: is no trust file (dis-trust/1): "
    )]
    [InlineData("verify {folder}/text", 2, "{folder}/text: ")]
    [InlineData(
        "engine --uds {folder}/text",
        2,
        "--uds: '{folder}/text' exists already. Remove it, or give another path."
    )]
    [InlineData("engine --uds {folder}/none/s", 2, "--uds: '{folder}/none/s' is in a folder that does not exist.")]
    [InlineData("engine --uds {folder}/s --port 1", 2, "--port: has no effect with --uds. Leave one of them out.")]
    [InlineData(
        "engine --uds {folder}/{long}",
        2,
        "--uds: '{folder}/{long}' is longer than 107 bytes as a whole path."
    )]
    [InlineData(
        "engine --port {taken}",
        1,
        "Failed to bind to address http://127.0.0.1:{taken}: address already in use."
    )]
    [InlineData("receipts show x --data-dir {folder}/none", 1, "")]
    [InlineData("completion tcsh", 2, "SHELL: 'tcsh' has no completion. Give bash, zsh, fish or pwsh.")]
    public async Task Other_commands_say_what_is_wrong(string arguments, int exitCode, string error)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(Filled(arguments).Split(' '));
        Assert.StartsWith($"error: {Filled(error)}", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("verify --help")]
    [InlineData("completion bash")]
    [InlineData("--print-config --backend embedded")]
    public async Task A_full_disk_behind_standard_output_is_one_line(string arguments)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "skipped: needs /dev/full");
        CommandResult result = await InstalledProgram.RunBashAsync(
            $"deterministic-inference-server {arguments} > /dev/full",
            _folder,
            ("PATH", $"{InstalledCommand.Folder()}:{Environment.GetEnvironmentVariable("PATH")}")
        );
        Assert.StartsWith("error: No space left on device", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    private const string Python = "/usr/bin/python3";

    private string Filled(string text) =>
        text.Replace("{folder}", _folder, StringComparison.Ordinal)
            .Replace("{taken}", $"{((IPEndPoint)_taken.LocalEndpoint).Port}", StringComparison.Ordinal)
            .Replace("{long}", new string('x', 108), StringComparison.Ordinal)
            .Replace("{python}", In("bin/python3"), StringComparison.Ordinal);

    private string In(string name) => Path.Combine(_folder, name);

    private void Script(string name, string text)
    {
        File.WriteAllText(In(name), text);
        File.SetUnixFileMode(In(name), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>A model of which one file has another text, or is missing.</summary>
    private void Model(string name, string file, string? text)
    {
        Directory.CreateDirectory(In(name));
        foreach (string path in Directory.GetFiles(TestModels.Scripted))
            File.Copy(path, Path.Combine(In(name), Path.GetFileName(path)));
        File.Delete(Path.Combine(In(name), file));
        if (text is not null)
            File.WriteAllText(Path.Combine(In(name), file), text);
    }
}
