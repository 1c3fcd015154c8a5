using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Serve;

// Of a guard too: it writes down what it starts.
WriteFailure.SurviveSizeLimit();

// A guard is not a server: nothing of one may have begun.
if (GuardProgram.IsGuard(args))
    return GuardProgram.Run(args);

// Before the first socket: completions run on the thread that polls, see HttpServer.CreateBuilder.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await RootCommandLine.RunAsync(args, EngineRegistry.BuiltIn, GatewayServer.RunAsync);
