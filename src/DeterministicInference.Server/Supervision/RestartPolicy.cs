using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// The restart delay after a crash, and when restarting stops. The delay doubles with every crash in the window. Up to
/// a quarter is taken off it, by a draw that repeats on one machine and differs between machines: a fleet that loses
/// its engines at once then does not load its models at once.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="machine">Key of the draw.</param>
/// <param name="time">The clock.</param>
internal sealed class RestartPolicy(ServeOptions options, string machine, TimeProvider time)
{
    private const double Jitter = 0.25;

    private readonly ulong _key = BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(machine)));
    private readonly Queue<long> _crashes = new();
    private ulong _draws;

    /// <summary>Counts a crash.</summary>
    /// <returns>
    /// Number of the next start within the window, and the delay before it; null if there were too many crashes.
    /// </returns>
    public (int Attempt, TimeSpan Pause)? AfterCrash()
    {
        while (_crashes.TryPeek(out long oldest) && time.GetElapsedTime(oldest) > options.RestartWindow)
            _crashes.Dequeue();
        _crashes.Enqueue(time.GetTimestamp());
        if (_crashes.Count > options.MaxRestarts)
            return null;
        double full = Math.Min(
            options.RestartDelay.TotalSeconds * Math.Pow(2, _crashes.Count - 1),
            options.RestartDelayMax.TotalSeconds
        );
        return (_crashes.Count, TimeSpan.FromSeconds(full * (1 - Jitter * Philox.Uniform(_key, _draws++, 0))));
    }
}
