using DeterministicInference.Server.Cli;

// Before the first socket: completions run on the thread that polls, see EngineServer.Build.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
return await ServerCommand.RunAsync(args);
