using System.CommandLine;
using BenchmarkDotNet.Running;
using DeterministicInference.Benchmarks.Engine;

// `kernels …` hands its arguments to BenchmarkDotNet; everything else is a table of its own.
if (args is ["kernels", .. var rest])
{
    BenchmarkSwitcher.FromAssembly(typeof(EngineSpeedCommand).Assembly).Run(rest);
    return 0;
}
return await new RootCommand("Measurements of docs/benchmarks.md.") { EngineSpeedCommand.Create(), StartCommand.Create() }.Parse(args).InvokeAsync();
