using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Hosting;

// A guard is not a server: nothing of one may have begun.
if (GuardProgram.IsGuard(args)) return GuardProgram.Run(args);

// Before the first socket: completions run on the thread that polls, see EngineServer.Build.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await ServerCommand.RunAsync(args, InferenceServer.RunAsync);
