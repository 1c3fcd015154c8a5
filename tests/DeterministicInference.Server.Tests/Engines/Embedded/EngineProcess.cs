using System.Diagnostics;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>A running <c>engine</c> command on a free port.</summary>
internal sealed partial class EngineProcess : ServerProcess
{
    private EngineProcess(Process process)
        : base(process) { }

    /// <summary>Starts the built program with a model and waits until it is ready.</summary>
    public static Task<EngineProcess> StartAsync(string modelPath, params string[] arguments) =>
        StartAsync(ServerProgram.Built, ["--model-path", modelPath, .. arguments]);

    public static async Task<EngineProcess> StartAsync(ServerProgram program, IEnumerable<string> arguments)
    {
        var engine = new EngineProcess(program.Start(["engine", "--port", "0", .. arguments]));
        try
        {
            string ready = await engine
                .Log.FindAsync(line => line.Contains("Engine ready", StringComparison.Ordinal))
                .Within();
            engine.ListensAt(ReadyUrl().Match(ready).Groups[1].Value);
            return engine;
        }
        catch (Exception e)
        {
            engine.Abandon();
            throw new InvalidOperationException($"The engine did not start: {string.Join('\n', engine.ErrorLines)}", e);
        }
    }

    [GeneratedRegex(@"Engine ready: model \S+ at (http://\S+), ")]
    private static partial Regex ReadyUrl();
}
