using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Acme;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Acme;

/// <summary>How Acme Serve is started, to the letter, and what speaks against it.</summary>
public sealed class AcmeLaunchTests
{
    private static readonly AcmeKind Acme = new();
    private static readonly ServeOptions Options = new() { Backend = "acme", ModelPath = "/models/tiny" };

    [Theory]
    [InlineData("Enforce", "--fixed-order --cache 8GiB")]
    [InlineData("Off", "--cache 8GiB")]
    public void Acme_is_started_in_its_fixed_order(string mode, string ending) =>
        Assert.Equal(
            $"ACME_TELEMETRY=off acme-serve --model /models/tiny --name tiny --bind 127.0.0.1:30000 {ending}",
            Acme.Launcher.Launch(
                    Options with
                    {
                        Determinism = Enum.Parse<DeterminismMode>(mode),
                        BackendArguments = ["--cache", "8GiB"],
                    },
                    Machines.With(Machines.NoGpu)
                )
                .Describe()
        );

    [Theory]
    [InlineData("")]
    [InlineData("--kv-bits 16")]
    [InlineData("--kv-bits=8", "Degrades kv_cache_type: --kv-bits below 16")]
    [InlineData("--speculate 4", "Refused speculative_decoding: --speculate ends Acme Serve")]
    public void Arguments_that_break_its_order_are_reported(string arguments, params string[] found) =>
        Found.Is(
            Checks.Of(
                Acme,
                Options with
                {
                    BackendArguments = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                },
                Machines.With(Machines.NoGpu)
            ),
            found
        );

    [Fact]
    public void Eight_requests_are_computed_at_once() => Assert.Equal(8, Acme.RequestsAtOnce(Options));
}
