using System.Globalization;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Tests.GuardHost;

// Stands for a server that is killed: starts an engine as the server does, tells what it sees, and ends without a word
// to the engine when its input does.
// Arguments: state folder, tag, grace in milliseconds, executable and arguments of the engine.
// Or it stands for one with a store of receipts, whose folder follows, or is a program that signs.
WriteFailure.SurviveSizeLimit();
if (GuardProgram.IsGuard(args))
    return GuardProgram.Run(args);
if (args is ["receipts", var receipts])
    return await ReceiptHost.RunAsync(receipts);
if (args is ["signer", var signer])
    return SignerHost.Run(signer);

var settings = new GuardSettings(args[0])
{
    Tag = args[1],
    Grace = TimeSpan.FromMilliseconds(int.Parse(args[2], CultureInfo.InvariantCulture)),
};
var launch = new EngineLaunch(args[3], args[4..], new Dictionary<string, string>());
GuardedProcess engine = GuardedProcess.Start(launch, settings, line => Console.Out.WriteLine($"line {line}"));
Task ended = await Task.WhenAny(engine.Exited, Task.Run(Console.In.ReadToEnd));
if (ended == engine.Exited)
    Console.WriteLine($"exit {await engine.Exited}");
return 0;
