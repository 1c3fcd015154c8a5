using System.CommandLine;
using BenchmarkDotNet.Running;
using DeterministicInference.Benchmarks.Answers;
using DeterministicInference.Benchmarks.Engine;
using DeterministicInference.Benchmarks.Receipts;
using DeterministicInference.Benchmarks.Soak;

// `kernels …` hands its arguments to BenchmarkDotNet; everything else is a table of its own.
if (args is ["kernels", .. var rest])
{
    BenchmarkSwitcher.FromAssembly(typeof(EngineSpeedCommand).Assembly).Run(rest);
    return 0;
}
return await new RootCommand("Measurements of docs/benchmarks.md.")
{
    EngineSpeedCommand.Create(),
    StartCommand.Create(),
    SoakCommand.Create(),
    ReceiptCostCommand.Create(),
    StreamEndsCommand.Create(),
    ProcessorTimeCommand.Create(),
    StoreCommand.Create(),
    AnswerReadingCommand.Create(),
}
    .Parse(args)
    .InvokeAsync();
