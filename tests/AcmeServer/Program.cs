using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Acme;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Serve;

// The server's own program with one more engine, that of docs/adding-a-backend.md: its folder and this registration are
// all that differs.
if (GuardProgram.IsGuard(args))
    return GuardProgram.Run(args);

return await RootCommandLine.RunAsync(args, EngineRegistry.BuiltIn.With(new AcmeKind()), GatewayServer.RunAsync);
