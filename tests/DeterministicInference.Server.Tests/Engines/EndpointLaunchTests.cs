using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>How each engine is told where to listen and which keys to require, to the letter.</summary>
public sealed class EndpointLaunchTests
{
    private static readonly MachineFacts Machine = Machines.With(
        new ModelFacts { Exists = true, GgufFiles = ["/m.gguf"] },
        "9.0"
    );

    private static readonly EngineEndpoint OnSocket = new("127.0.0.1", 30000)
    {
        Folder = "/run/f",
        SocketPath = "/run/f/e.sock",
    };

    private static readonly EngineEndpoint OnPort = new("127.0.0.1", 30000)
    {
        Folder = "/run/f",
        Key = "the-key",
        AdminKey = "the-admin-key",
    };

    [Theory]
    [InlineData("vllm", "serve /m.gguf --uds /run/f/e.sock --seed 0 ")]
    [InlineData("llamacpp", "-m /m.gguf --host /run/f/e.sock -a m.gguf ")]
    [InlineData("embedded", "engine --model-path /m.gguf --uds /run/f/e.sock --served-model-name m.gguf ")]
    public void A_socket_takes_the_place_of_host_and_port(string engine, string arguments)
    {
        IEngineLauncher launcher = EngineRegistry.BuiltIn.Find(engine)!.Launcher!;
        Assert.True(launcher.HasSocket);
        EngineLaunch launch = launcher.Launch(Options(engine, null), Machine, OnSocket);
        Assert.Contains(arguments, string.Join(' ', launch.Arguments), StringComparison.Ordinal);
        Assert.Empty(launch.Files);
        Assert.DoesNotContain("VLLM_API_KEY", launch.Environment.Keys);
    }

    [Theory]
    [InlineData("sglang", null, " --port 30000 --config /run/f/keys.yaml --enable-deterministic-inference ")]
    [InlineData("sglang", "/venv/bin/python3.13", " --port 30000 --config /run/f/keys.yaml ")]
    [InlineData("vllm", null, " --port 30000 --seed 0 ")]
    [InlineData("llamacpp", "/opt/llama-server", " --port 30000 --api-key-file /run/f/key -a ")]
    public void The_engines_own_program_is_told_its_key_where_nobody_else_sees_it(
        string engine,
        string? command,
        string arguments
    )
    {
        EngineLaunch launch = EngineRegistry
            .BuiltIn.Find(engine)!
            .Launcher!.Launch(Options(engine, command), Machine, OnPort);
        string line = string.Join(' ', launch.Arguments);
        Assert.Contains(arguments, line, StringComparison.Ordinal);
        Assert.DoesNotContain("the-", line + launch.Describe(), StringComparison.Ordinal);
        Assert.Equal(
            engine switch
            {
                "sglang" => "/run/f/keys.yaml=api-key: 'the-key'\nadmin-api-key: 'the-admin-key'\n",
                "llamacpp" => "/run/f/key=the-key\n",
                _ => "",
            },
            string.Concat(launch.Files.Select(file => $"{file.Key}={file.Value}"))
        );
        Assert.Equal(engine == "vllm" ? "the-key" : null, launch.Environment.GetValueOrDefault("VLLM_API_KEY"));
    }

    /// <summary>It may run the engine in a container, which has other files and variables.</summary>
    [Theory]
    [InlineData("sglang", " --api-key the-key --admin-api-key the-admin-key ")]
    [InlineData("vllm", " --api-key the-key ")]
    [InlineData("llamacpp", " --api-key the-key ")]
    public void Another_program_is_told_it_as_an_argument(string engine, string arguments)
    {
        EngineLaunch launch = EngineRegistry
            .BuiltIn.Find(engine)!
            .Launcher!.Launch(Options(engine, "/opt/in-a-container"), Machine, OnPort);
        Assert.Contains(arguments, string.Join(' ', launch.Arguments), StringComparison.Ordinal);
        Assert.DoesNotContain("the-", launch.Describe(), StringComparison.Ordinal);
        Assert.Empty(launch.Files);
    }

    [Theory]
    [InlineData("--config own.yaml", " --api-key the-key --admin-api-key the-admin-key ")]
    [InlineData("--admin-api-key own", " --config /run/f/keys.yaml ")]
    public void What_SGLang_takes_once_is_the_users(string own, string arguments)
    {
        EngineLaunch launch = EngineRegistry
            .BuiltIn.Find("sglang")!
            .Launcher!.Launch(Options("sglang", null) with { BackendArguments = own.Split(' ') }, Machine, OnPort);
        Assert.Contains(arguments, string.Join(' ', launch.Arguments), StringComparison.Ordinal);
        Assert.DoesNotContain("the-admin-key", string.Concat(launch.Files.Values), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sglang", "--api-key k", "", true)]
    [InlineData("sglang", "--admin-api-key k", "", false)]
    [InlineData("vllm", "--api-key k", "", true)]
    [InlineData("vllm", "", "VLLM_API_KEY", true)]
    [InlineData("llamacpp", "--api-key-file f", "", true)]
    [InlineData("llamacpp", "", "LLAMA_API_KEY", true)]
    [InlineData("llamacpp", "", "LLAMA_ARG_API_KEY_FILE", true)]
    [InlineData("llamacpp", "--seed 1", "PATH", false)]
    public void A_key_of_the_users_own_is_seen(string engine, string arguments, string variable, bool isGiven) =>
        Assert.Equal(
            isGiven,
            EngineRegistry
                .BuiltIn.Find(engine)!
                .Launcher!.IsKeyGiven(
                    new EngineCommandLine(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
                    new Dictionary<string, string> { [variable] = "x" }
                )
        );

    private static ServeOptions Options(string engine, string? command) =>
        new()
        {
            Backend = engine,
            ModelPath = "/m.gguf",
            BackendCommand = command,
        };
}
