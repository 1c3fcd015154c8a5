using DeterministicInference.ModelTools.Cli;

return await ModelToolsCommand.RunAsync(args);
