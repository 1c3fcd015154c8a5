using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// When an engine that crashed is started again: after a pause that doubles with every crash in the window, until there
/// were too many. Up to a quarter is taken off the pause, by a draw that repeats on one machine and differs between
/// machines, so that a fleet that lost its engines at once does not load its models at once.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="machine">What the draw is keyed by.</param>
/// <param name="time">The clock.</param>
internal sealed class RestartPolicy(InferenceOptions options, string machine, TimeProvider time)
{
    private const double Jitter = 0.25;

    private readonly ulong _key = BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(machine)));
    private readonly Queue<long> _crashes = new();
    private ulong _draws;

    /// <summary>Takes note of a crash.</summary>
    /// <returns>Which start follows, counted within the window, and after what pause; null if there were too many crashes.</returns>
    public (int Attempt, TimeSpan Pause)? AfterCrash()
    {
        while (_crashes.TryPeek(out long oldest) && time.GetElapsedTime(oldest) > options.RestartWindow) _crashes.Dequeue();
        _crashes.Enqueue(time.GetTimestamp());
        if (_crashes.Count > options.MaxRestarts) return null;
        double full = Math.Min(options.RestartDelay.TotalSeconds * Math.Pow(2, _crashes.Count - 1), options.RestartDelayMax.TotalSeconds);
        return (_crashes.Count, TimeSpan.FromSeconds(full * (1 - Jitter * Philox.Uniform(_key, _draws++, 0))));
    }
}
