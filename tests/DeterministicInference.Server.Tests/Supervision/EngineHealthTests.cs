using DeterministicInference.Server.Supervision;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>When an engine counts as unhealthy, and when as hanging.</summary>
public sealed class EngineHealthTests
{
    private static readonly TimeSpan HangAfter = TimeSpan.FromSeconds(300);

    private readonly FakeTimeProvider _time = new();
    private readonly EngineActivity _activity;
    private readonly EngineHealth _health;

    public EngineHealthTests()
    {
        _activity = new EngineActivity(_time);
        _health = new EngineHealth(_activity, HangAfter, _time);
    }

    [Fact]
    public void One_or_two_failed_probes_do_not_make_an_engine_unhealthy()
    {
        Fail(2);
        Assert.Equal((false, false, "no answer"), (_health.IsUnhealthy, _health.IsHanging, _health.Detail));
        _health.Passed();
        Fail(2);
        Assert.False(_health.IsUnhealthy);
        Fail(1);
        Assert.True(_health.IsUnhealthy);
        _health.Passed();
        Assert.Equal((false, null), (_health.IsUnhealthy, _health.Detail));
    }

    [Fact]
    public void An_engine_that_says_that_it_is_ending_is_unhealthy_until_a_probe_passes_later()
    {
        _health.Ends();
        Assert.Equal((true, true, true), (_health.IsEnding, _health.IsUnhealthy, _health.IsBeyondProbes));
        _time.Advance(EngineHealth.Doubt);
        Assert.Equal((true, true, false), (_health.IsEnding, _health.IsUnhealthy, _health.IsBeyondProbes));
        Fail(1);
        Assert.Equal((true, false), (_health.IsUnhealthy, _health.IsHanging));
        _health.Passed();
        Assert.Equal((false, false), (_health.IsEnding, _health.IsUnhealthy));
    }

    [Fact]
    public void A_busy_engine_that_fails_every_probe_is_healthy_while_it_sends_bytes()
    {
        _activity.Begin();
        for (int i = 0; i < 100; i++)
        {
            Fail(1);
            _time.Advance(TimeSpan.FromSeconds(1));
            _activity.Progress();
            Assert.False(_health.IsUnhealthy);
        }
        Assert.Equal("no answer; requests in flight had their last byte 0 s ago", _health.Detail);
        // The last sign of life is now the last byte, not the last passed probe.
        Fail(2);
        Assert.False(_health.IsUnhealthy);
        Fail(1);
        Assert.True(_health.IsUnhealthy);
        Fail(56);
        Assert.False(_health.IsHanging);
        Fail(1);
        Assert.True(_health.IsHanging);
    }

    [Fact]
    public void Silence_with_probes_that_pass_is_never_a_hang()
    {
        _activity.Begin();
        for (int i = 0; i < 1000; i++)
        {
            Pass();
            Assert.False(_health.IsUnhealthy || _health.IsHanging);
        }
        Assert.True(_activity.Silence > 10 * HangAfter);
    }

    [Fact]
    public void An_engine_hangs_when_probes_and_bytes_have_failed_for_long_enough()
    {
        Pass();
        _activity.Begin();
        Fail(59);
        Assert.Equal((true, false), (_health.IsUnhealthy, _health.IsHanging));
        Fail(1);
        Assert.True(_health.IsHanging);
        Assert.Equal("no answer; no sign of life for 300 s", _health.Detail);
    }

    [Fact]
    public void An_idle_engine_that_answers_nothing_hangs_too()
    {
        Fail(60);
        Assert.True(_health.IsHanging);
    }

    [Fact]
    public void New_requests_are_no_sign_of_life()
    {
        for (int i = 0; i < 60; i++)
        {
            _activity.Begin();
            Fail(1);
            _activity.End();
        }
        Assert.True(_health.IsHanging);
    }

    [Fact]
    public void A_probe_reaches_deeper_only_where_there_is_doubt()
    {
        Assert.False(_health.IsSuspect);
        _activity.Begin();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(_health.IsSuspect);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_health.IsSuspect);
        _activity.Progress();
        Assert.False(_health.IsSuspect);
        _health.Failed("no answer");
        Assert.True(_health.IsSuspect);
    }

    [Fact]
    public void The_silence_of_an_idle_engine_does_not_count_for_the_next_request()
    {
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, _activity.Silence);
        _activity.Begin();
        Assert.Equal(TimeSpan.Zero, _activity.Silence);
        _time.Advance(TimeSpan.FromSeconds(7));
        // The second request has waited less, but no request has had a byte for as long as the first one has waited.
        _activity.Begin();
        Assert.Equal(TimeSpan.FromSeconds(7), _activity.Silence);
        _activity.End();
        _activity.End();
        Assert.Equal((0, TimeSpan.Zero), (_activity.InFlight, _activity.Silence));
    }

    private void Pass()
    {
        _time.Advance(TimeSpan.FromSeconds(5));
        _health.Passed();
    }

    private void Fail(int times)
    {
        for (int i = 0; i < times; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            _health.Failed("no answer");
        }
    }
}
