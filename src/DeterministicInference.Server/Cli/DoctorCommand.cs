using System.CommandLine;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.EngineHost;

namespace DeterministicInference.Server.Cli;

/// <summary>
/// <c>doctor</c>: computes a fixed workload and prints its digests, which are the same on every machine for the same
/// weights. So two machines, builds or settings are compared by two lines.
/// </summary>
internal static class DoctorCommand
{
    private static readonly EngineOptions Default = new();

    private static readonly Option<string?> ModelPath = new("--model-path") { Description = "Folder of the model. Default: the bundled demo model." };
    private static readonly Option<int> Threads = EngineCommand.Number("--threads", "Threads that compute.", Default.Threads, 1, 512);
    private static readonly Option<int> PrefillChunk = EngineCommand.Number("--prefill-chunk", "Prompt tokens computed per step.", Default.PrefillChunk, 1, 65536);
    private static readonly Option<int> Beside = EngineCommand.Number("--beside", "Other sequences generated at the same time.", 0, 0, 64);

    public static Command Create()
    {
        var command = new Command("doctor", "Compute a fixed workload and print digests that every machine must agree on.")
        {
            ModelPath, Threads, PrefillChunk, Beside,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.ReportAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var options = new EngineOptions
        {
            ModelPath = parsed.GetValue(ModelPath),
            Threads = parsed.GetValue(Threads),
            PrefillChunk = parsed.GetValue(PrefillChunk),
        };
        int beside = parsed.GetValue(Beside);
        using EmbeddedEngine engine = EmbeddedEngine.Load(options.ModelFolder, EngineServer.Limits(options));
        WorkloadDigest digest = await WorkloadDigest.ComputeAsync(engine, beside, cancellation);
        Console.WriteLine($"model         {engine.ModelName}");
        Console.WriteLine($"numerics      {EmbeddedEngine.NumericsVersion}");
        Console.WriteLine($"instructions  {Instructions.Name}");
        Console.WriteLine($"threads       {options.Threads}, prefill chunk {options.PrefillChunk}, {beside} other sequences");
        Console.WriteLine($"logits        {digest.Logits}");
        Console.WriteLine($"sampled       {digest.Sampled}");
        return ExitCode.Success;
    }
}
