using DeterministicInference.Server.Cli;

// Before the first socket: completions run on the thread that polls, see EngineServer.Build.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

// SEAM: InferenceServer.RunAsync goes here.
return await ServerCommand.RunAsync(args, (_, _) => throw new IOException("serve is not part of this build."));
