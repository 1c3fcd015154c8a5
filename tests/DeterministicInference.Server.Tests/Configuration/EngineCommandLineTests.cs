using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>Arguments are understood as the engine's own parser understands them.</summary>
public sealed class EngineCommandLineTests
{
    [Theory]
    [InlineData("--tp-size 4", "4")]
    [InlineData("--tp-size=4", "4")]
    [InlineData("--tp_size=4", "4")]
    [InlineData("--tp 4", "4")]
    [InlineData("--tp-size 2 --other x --tp 4", "4")]
    [InlineData("--tp 2 --tp-size=4", "4")]
    [InlineData("--tp-size -1", "-1")]
    [InlineData("--tp-size --other", "")]
    [InlineData("--tp-size", "")]
    [InlineData("--tp-size=", "")]
    [InlineData("--tp-size=a=b", "a=b")]
    [InlineData("--other --tp-sizes 3", null)]
    [InlineData("tp-size 4", null)]
    [InlineData("", null)]
    public void The_last_spelling_counts(string arguments, string? value) =>
        Assert.Equal(value, Of(arguments).Value("--tp-size", "--tp"));

    [Theory]
    [InlineData("--speculative-alg EAGLE", "EAGLE")]
    [InlineData("--specul EAGLE", "EAGLE")]
    [InlineData("--spec EAGLE", null)]
    public void Long_flags_may_be_shortened(string arguments, string? value) =>
        Assert.Equal(value, Of(arguments).Value("--speculative-algorithm"));

    /// <summary>So Python's parser takes a value; llama-server does not.</summary>
    [Fact]
    public void Short_flags_may_have_an_equals_sign()
    {
        Assert.Equal(2, Of("-tp=2").Number("-tp"));
        Assert.Equal("a=b", Of("-ac=a=b").Value("-ac"));
        Assert.Null(new EngineCommandLine(["-np=2"], abbreviates: false).Value("-np"));
        Assert.True(Of("-tp=2 word").HasPositional);
    }

    [Fact]
    public void Names_of_members_keep_their_underscores() =>
        Assert.Equal(
            ["--some-config.a_b.c_d", "-cc.a_b"],
            Of("--some_config.a_b.c_d x -cc.a_b=y").Given.Select(given => given.Flag)
        );

    [Fact]
    public void Numbers_switches_and_beginnings_are_found()
    {
        EngineCommandLine arguments = Of("-np 4 -fa --draft-max 8 --n x");
        Assert.Equal(
            (4, (int?)null, (int?)null),
            (arguments.Number("-np", "--parallel"), arguments.Number("--n"), arguments.Number("-t"))
        );
        Assert.Equal(("-fa", null, ""), (arguments.Last("-fa"), arguments.Last("-sm"), arguments.Value("-fa")));
        Assert.Equal(("--draft-max", null), (arguments.WithPrefix("--draft-"), arguments.WithPrefix("--models-")));
    }

    private static EngineCommandLine Of(string arguments) =>
        new(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
