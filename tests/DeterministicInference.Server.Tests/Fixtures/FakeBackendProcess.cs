using System.Diagnostics;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>A running FakeBackend on a free port; its README describes it.</summary>
internal sealed class FakeBackendProcess : IAsyncDisposable
{
    /// <summary>Variables with which it is not healthy as soon as it listens, or not at all.</summary>
    private static readonly string[] Slow = ["FAKE_WARMUP_MS", "FAKE_START_DELAY_MS", "FAKE_NEVER_HEALTHY"];

    private readonly Process _process;
    private readonly LineLog _output = new(),
        _error = new();

    private FakeBackendProcess(Process process)
    {
        _process = process;
        _output.Follow(process.StandardOutput);
        _error.Follow(process.StandardError);
    }

    /// <summary>The executable, as for <c>--backend-command</c>.</summary>
    public static string Command { get; } = Path.Combine(AppContext.BaseDirectory, "fake-backend");

    public string Url { get; private set; } = "";

    /// <summary>Requests straight to it.</summary>
    public ApiClient Api { get; private set; } = null!;

    public LineLog Log => _error;

    /// <summary>SGLang's dialect.</summary>
    public static Task<FakeBackendProcess> StartAsync(params string[] arguments) =>
        StartDialectAsync(["--model-path", "some/model", "--port", "0", .. arguments]);

    /// <summary>
    /// The dialect of a command line, which must have <c>--port 0</c>, or of the variable FAKE_DIALECT. It is healthy
    /// and handles SIGTERM, both of which it does only after it has named its address, unless it is told to start
    /// slowly.
    /// </summary>
    public static async Task<FakeBackendProcess> StartDialectAsync(
        string[] arguments,
        params IEnumerable<(string Name, string Value)> environment
    )
    {
        var program = new ServerProgram(ServerProgram.Built.File, [Path.ChangeExtension(Command, ".dll")]);
        (string Name, string Value)[] variables = [.. environment];
        var fake = new FakeBackendProcess(program.Start(arguments, variables));
        // Every engine has other words before the address.
        const string address = " on http://";
        string line = await fake.Log.FindAsync(line => line.Contains(address, StringComparison.Ordinal)).Within();
        fake.Url = line[(line.IndexOf(address, StringComparison.Ordinal) + " on ".Length)..].Split(' ')[0];
        fake.Api = new ApiClient(fake.Url);
        if (!variables.Any(variable => Slow.Contains(variable.Name)))
            await fake.Api.AnswersAsync("/health", System.Net.HttpStatusCode.OK);
        return fake;
    }

    /// <summary>Opens a gate at which answers wait.</summary>
    public Task OpenAsync(string gate) => ControlAsync($"gates/{gate}");

    public async Task ControlAsync(string what)
    {
        Reply reply = await Api.PostAsync($"/__fake/{what}", "");
        Assert.True(reply.Status == System.Net.HttpStatusCode.OK, $"{what}: {reply.Status}");
    }

    /// <summary>All requests to the generating routes.</summary>
    public async Task<IReadOnlyList<JsonNode>> RequestsAsync() =>
        [.. JsonNode.Parse((await Api.GetAsync("/__fake/requests")).Body)!.AsArray().OfType<JsonNode>()];

    /// <summary>The request whose body contains a text, once it has arrived.</summary>
    public async Task<JsonNode> RequestAsync(string containing)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        while (true)
        {
            JsonNode[] found =
            [
                .. (await RequestsAsync()).Where(request =>
                    ((string)request["body"]!).Contains(containing, StringComparison.Ordinal)
                ),
            ];
            if (found.Length > 0)
                return Assert.Single(found);
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The same request once it has ended.</summary>
    public async Task<JsonNode> EndOfAsync(string containing)
    {
        JsonNode request = await RequestAsync(containing);
        return (await Api.GetAsync($"/__fake/requests/{(int)request["number"]!}/end")).Json;
    }

    /// <summary>Ends it as the kernel does when memory is short.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Assert.True(ProcessIdentity.Of(_process.Id).Signal(Libc.SigTerm));

    /// <summary>Its code once it has ended.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().Within();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync().Within();
        _process.Dispose();
    }
}
