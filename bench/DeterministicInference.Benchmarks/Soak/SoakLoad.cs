using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>Sends requests at a steady rate over a fixed number of connections and checks every answer.</summary>
/// <param name="server">Where to.</param>
/// <param name="rate">Requests per second.</param>
/// <param name="connections">Which bound how many are in flight.</param>
/// <param name="faults">Share of requests that the engine fails.</param>
/// <param name="aborts">Share of requests that the client leaves.</param>
internal sealed class SoakLoad(IPEndPoint server, int rate, int connections, double faults, double aborts)
{
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(30);

    private readonly AnswerCheck _check = new();
    private readonly ConcurrentDictionary<string, int> _counts = new(),
        _anomalies = new();
    private int _late;

    /// <summary>Requests that ended as they must, by kind.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>What went wrong that was not injected.</summary>
    public IReadOnlyDictionary<string, int> Anomalies => _anomalies;

    /// <summary>Requests that began more than a second late: the load was less steady than it says.</summary>
    public int Late => _late;

    public async Task RunAsync(TimeSpan duration, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, connections)
                .Select(connection => Task.Run(() => RunAsync(connection, began, duration, cancellation), cancellation))
        );
    }

    private async Task RunAsync(int first, long began, TimeSpan duration, CancellationToken cancellation)
    {
        using var connection = new HttpConnection(server);
        for (long number = first; !cancellation.IsCancellationRequested; number += connections)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)number / rate);
            if (due >= duration)
                return;
            TimeSpan wait = due - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, cancellation);
            else if (wait < TimeSpan.FromSeconds(-1))
                Interlocked.Increment(ref _late);
            var request = new SoakRequest(number, faults, aborts);
            string? problem = await SendAsync(connection, request, cancellation);
            if (problem is null)
                _counts.AddOrUpdate(request.Kind, 1, (_, count) => count + 1);
            else
                _anomalies.AddOrUpdate($"{request.Kind}: {problem}", 1, (_, count) => count + 1);
        }
    }

    /// <returns>Null, or what is wrong.</returns>
    private async Task<string?> SendAsync(
        HttpConnection connection,
        SoakRequest request,
        CancellationToken cancellation
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LongestRequest);
        try
        {
            await connection.SendAsync(request.Bytes, limit.Token);
            if (request.Ending is Ending.Complete or Ending.Failure)
                return _check.Problem(request, await connection.ReadAsync(limit.Token));
            if (request.Ending == Ending.LeavesWithin)
                await connection.AwaitAnswerAsync(limit.Token);
            connection.Close();
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            connection.Close();
            return $"no end after {LongestRequest.TotalSeconds} s";
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            connection.Close();
            return $"no answer: {e.Message}";
        }
    }
}
