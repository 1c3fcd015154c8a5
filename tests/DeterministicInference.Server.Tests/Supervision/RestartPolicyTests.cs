using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Supervision;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>The restart delay, and when restarting stops.</summary>
public sealed class RestartPolicyTests
{
    private static readonly ServeOptions Options = new() { MaxRestarts = 8, RestartWindow = TimeSpan.FromSeconds(600) };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_pause_doubles_up_to_the_longest_and_is_shortened_by_a_quarter_at_most()
    {
        var policy = new RestartPolicy(Options, "a", _time);
        double[] full = [1, 2, 4, 8, 16, 30, 30, 30];
        for (int i = 0; i < full.Length; i++)
        {
            (int attempt, TimeSpan pause) = policy.AfterCrash()!.Value;
            Assert.Equal(i + 1, attempt);
            Assert.InRange(pause.TotalSeconds, full[i] * 0.75, full[i]);
        }
        Assert.Null(policy.AfterCrash());
    }

    [Fact]
    public void A_machine_repeats_itself_and_two_machines_differ()
    {
        Assert.Equal(Pauses("a"), Pauses("a"));
        Assert.NotEqual(Pauses("a"), Pauses("b"));
        // Not one factor for all.
        Assert.True(Pauses("a").Skip(5).Distinct().Count() == 3);
    }

    [Fact]
    public void Crashes_longer_ago_than_the_window_are_forgotten()
    {
        var policy = new RestartPolicy(Options with { MaxRestarts = 2 }, "a", _time);
        Assert.Equal(1, policy.AfterCrash()!.Value.Attempt);
        _time.Advance(TimeSpan.FromSeconds(400));
        Assert.Equal(2, policy.AfterCrash()!.Value.Attempt);
        _time.Advance(TimeSpan.FromSeconds(201));
        Assert.Equal(2, policy.AfterCrash()!.Value.Attempt);
        Assert.Null(policy.AfterCrash());
        // The caller gives up; the policy continues to count.
        _time.Advance(TimeSpan.FromSeconds(601));
        Assert.Equal(1, policy.AfterCrash()!.Value.Attempt);
    }

    [Fact]
    public void No_restart_at_all_is_a_choice() =>
        Assert.Null(new RestartPolicy(Options with { MaxRestarts = 0 }, "a", _time).AfterCrash());

    private IReadOnlyList<TimeSpan> Pauses(string machine)
    {
        var policy = new RestartPolicy(Options, machine, _time);
        return [.. Enumerable.Range(0, 8).Select(_ => policy.AfterCrash()!.Value.Pause)];
    }
}
