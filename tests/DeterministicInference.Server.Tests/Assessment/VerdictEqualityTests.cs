using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>
/// Under every setting <c>doctor</c> gives before a launch the verdict that <c>serve</c> gives once ready, except for
/// checks that need the engine, which doctor names; for an attached engine both are equal.
/// </summary>
public sealed class VerdictEqualityTests
{
    public static TheoryData<string> Engines => [.. EngineRegistry.BuiltIn.All.Select(engine => engine.Name)];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Doctor_and_serve_say_the_same(string backend)
    {
        int settings = 0,
            onlyTheEngine = 0;
        foreach ((string setting, AssessedEngine engine) in AssessmentSettings.Of(backend))
        {
            settings++;
            await CompareAsync($"{backend}, {setting}", engine);
            // The same engine without a report and ignoring seeds.
            engine.Report.Clear();
            engine.KeepsSeeds = false;
            engine.WhileItStarts = () => { };
            onlyTheEngine += await CompareAsync($"{backend}, {setting}, a bad build", engine);
        }
        Assert.True(settings >= 12, $"{settings} settings");
        // Without checks that need the engine the comparison would be empty.
        Assert.Equal(EngineRegistry.BuiltIn.Find(backend)!.Launcher is not null, onlyTheEngine > 0);
    }

    /// <returns>Number of reasons that only the engine could reveal.</returns>
    private static async Task<int> CompareAsync(string name, AssessedEngine engine)
    {
        Diagnosis doctor = await engine.DiagnoseAsync();
        string[] before = Codes(doctor.Assessment.Reasons),
            pending = [.. doctor.Assessment.Pending.SelectMany(check => check.Codes)];
        if (!doctor.CanStart)
        {
            string reason = await FailAsync(engine);
            Write(name, doctor, $"exit 1: {reason}");
            Assert.Equal(ExitCode.Failure, doctor.ExitCode);
            if (engine.IsThere)
                Assert.Equal(doctor.Assessment.Refusal!.Text, reason);
            return 0;
        }
        (EngineAssessment known, EngineAssessment ready) = await engine.AssessAsync();
        string[] after = Codes(ready.Reasons.Where(reason => !reason.NeedsEngine)),
            needsEngine = Codes(ready.Reasons.Where(reason => reason.NeedsEngine));
        Write(
            name,
            doctor,
            $"{ready.Class} ({string.Join(", ", [.. after, .. needsEngine.Select(code => code + "*")])})"
        );

        if (engine.Options.BackendUrl is null)
        {
            // Made by the same code: findings must not change once the engine was queried.
            Assert.Equal(known.Findings, doctor.Assessment.Findings);
            Assert.Equal(before, after);
            Assert.All(needsEngine, code => Assert.Contains(code, pending));
            Assert.All(known.Facts, fact => Assert.Equal(fact.Value, ready.Facts[fact.Key]));
            if (needsEngine.Length == 0)
                Assert.Equal(ready.Class == "deterministic", doctor.ExitCode == ExitCode.Success);
        }
        else
        {
            // The engine was asked everything.
            Assert.Empty(pending);
            Assert.Equal(ready.Findings, doctor.Assessment.Findings);
            Assert.Equal(ready.Class == "deterministic", doctor.ExitCode == ExitCode.Success);
        }
        Assert.Equal(before.Length > 0, doctor.ExitCode == ExitCode.BestEffort);
        return needsEngine.Length;
    }

    /// <summary>Runs the supervisor until it fails, which must be before a launch.</summary>
    private static async Task<string> FailAsync(AssessedEngine engine)
    {
        await using StubEngine stub = await engine.StartAsync();
        var status = new EngineStatus.Writer(engine.Options.BackendUrl ?? stub.Url);
        await using var supervisor = new EngineSupervisor(
            engine.Kind,
            engine.Options with
            {
                BackendStartupTimeout = TimeSpan.FromMilliseconds(1),
            },
            Server.Configuration.ServeKeys.Read(engine.Options),
            engine.Seen,
            status,
            new EngineActivity(TimeProvider.System),
            new EnvironmentRegistry(null),
            TimeProvider.System,
            NullLoggerFactory.Instance
        );
        await supervisor.RunAsync(TestContext.Current.CancellationToken).Within();
        return Assert.IsType<EngineState.Failed>(status.Status.State).Reason;
    }

    private static string[] Codes(IEnumerable<Finding> reasons) => [.. reasons.Select(reason => reason.Code)];

    private static void Write(string name, Diagnosis doctor, string serve) =>
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{name} | doctor: exit {doctor.ExitCode} ({string.Join(", ", Codes(doctor.Assessment.Reasons))}) | "
                + $"serve: {serve}"
        );
}
