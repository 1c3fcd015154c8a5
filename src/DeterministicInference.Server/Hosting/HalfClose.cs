using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Answers clients that end their side of the connection behind the request, as <c>printf … | nc</c> does. Kestrel
/// takes that end for a client that left, and cancels the request (in dotnet/aspnetcore 10.0
/// SocketConnection.DoReceive fires ConnectionClosed, and Http1ContentLengthMessageBody refuses a whole body that came
/// with the end): whether such a client gets its answer is a race there. One per connection.
/// </summary>
/// <remarks>
/// An end of the connection is all that is seen of a client that left, too. A request that costs little is answered in
/// any case. A generating one is answered where the client has said that nothing follows (HTTP/1.0, or
/// <c>Connection: close</c>) and the end comes with the request; a later one is a client that gave up, such as nginx
/// for one that closed its page.
/// </remarks>
internal sealed class HalfClose(TimeProvider time) : IDisposable
{
    /// <summary>Time after the beginning of a request within which an end belongs to it.</summary>
    private static readonly TimeSpan WithRequest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _gone = new();
    private Expectation _current = Expectation.None;
    private long _since;
    private bool _hasEnded;

    private enum Expectation
    {
        /// <summary>There is no request: what was sent before the end is still read.</summary>
        None,

        /// <summary>The answer is sent in any case.</summary>
        Answer,

        /// <summary>The answer is sent if the end came with the request.</summary>
        AnswerIfSoon,

        /// <summary>An end is a client that left.</summary>
        Cancel,
    }

    /// <summary>Puts it between the connections of an address and their requests.</summary>
    public static void Use(ListenOptions listen)
    {
        TimeProvider time = listen.ApplicationServices.GetRequiredService<TimeProvider>();
        listen.Use(next => connection => RunAsync(connection, next, time));
    }

    /// <summary>Tells the connection of its request, from its beginning to its end.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        HalfClose? connection = context.Features.Get<HalfClose>();
        connection?.Begin(ExpectationOf(context.Request));
        try
        {
            await next(context);
        }
        finally
        {
            connection?.Begin(Expectation.None);
        }
    }

    public void Dispose() => _gone.Dispose();

    private static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, TimeProvider time)
    {
        using var own = new HalfClose(time);
        // The registration ends first: nothing is cancelled after the source is disposed of.
        await using CancellationTokenRegistration end = connection.ConnectionClosed.Register(own.End);
        connection.ConnectionClosed = own._gone.Token;
        connection.Transport = new PatientTransport(connection.Transport);
        connection.Features.Set(own);
        await next(connection);
    }

    private static Expectation ExpectationOf(HttpRequest request) =>
        !HttpMethods.IsPost(request.Method) ? Expectation.Answer
        : HttpProtocol.IsHttp10(request.Protocol) || HasClose(request) ? Expectation.AnswerIfSoon
        : Expectation.Cancel;

    private static bool HasClose(HttpRequest request) =>
        request.Headers.Connection.Any(value => value?.Contains("close", StringComparison.OrdinalIgnoreCase) == true);

    private void Begin(Expectation expectation)
    {
        lock (_lock)
        {
            _current = expectation;
            _since = time.GetTimestamp();
            if (!_hasEnded || expectation != Expectation.Cancel)
                return;
        }
        _gone.Cancel();
    }

    /// <summary>The client has ended its side, or the connection broke.</summary>
    private void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            bool isAnswered =
                _current is Expectation.None or Expectation.Answer
                || (_current == Expectation.AnswerIfSoon && time.GetElapsedTime(_since) <= WithRequest);
            if (isAnswered)
                return;
        }
        _gone.Cancel();
    }
}
