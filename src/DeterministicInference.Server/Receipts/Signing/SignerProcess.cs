using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Signing;

/// <summary>
/// A program that answers each line on its standard input with one on its standard output. It has a session of its own,
/// so that a Ctrl-C that stops the server does not stop it before the last receipts are signed; it sees the end of its
/// input when the server is gone, for whatever reason. Not thread-safe, but for <see cref="HasExited"/>.
/// </summary>
internal sealed unsafe class SignerProcess : IDisposable
{
    /// <summary>Bytes of a line: far above those of an answer.</summary>
    private const int LongestAnswer = 4096;

    private const int ShownText = 300;

    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(1),
        KillLimit = TimeSpan.FromSeconds(2);

    private readonly string _name;
    private readonly int _pid,
        _pidDescriptor,
        _output,
        _error;
    private readonly Lock _signals = new();
    private readonly TaskCompletionSource<WaitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LineDelivery _lines;
    private readonly byte[] _answer = new byte[LongestAnswer];
    private readonly long _started = Stopwatch.GetTimestamp();
    private int _input,
        _length;

    private SignerProcess(
        string name,
        int pid,
        int pidDescriptor,
        Pipe input,
        Pipe output,
        Pipe error,
        Action<string> onErrorLine
    )
    {
        (_name, _pid, _pidDescriptor) = (name, pid, pidDescriptor);
        (_input, _output, _error) = (input.TakeWriter(), output.TakeReader(), error.TakeReader());
        _ = Libc.fcntl(_input, Libc.SetStatusFlags, Libc.NonBlocking);
        _ = Libc.fcntl(_output, Libc.SetStatusFlags, Libc.NonBlocking);
        _lines = new LineDelivery(onErrorLine);
        new Thread(Watch) { IsBackground = true, Name = "signer" }.Start();
    }

    /// <summary>Whether it has ended, with every process of its group.</summary>
    public bool HasExited => _exited.Task.IsCompleted;

    /// <summary>
    /// Whether it reads no more, which is known before <see cref="HasExited"/>: the pipe is broken
    /// (https://man7.org/linux/man-pages/man2/poll.2.html, POLLERR).
    /// </summary>
    public bool HasLeft => HasExited || Poll(_input, 0, 0);

    public TimeSpan Age => Stopwatch.GetElapsedTime(_started);

    /// <param name="name">The program's, in messages.</param>
    /// <param name="command">The program, looked up in PATH where it has no slash, and its arguments.</param>
    /// <param name="onErrorLine">Receives each line of its standard error, one call at a time.</param>
    /// <exception cref="SignerException">It can't be started.</exception>
    public static SignerProcess Start(string name, IReadOnlyList<string> command, Action<string> onErrorLine)
    {
        if (!GuardedProcess.IsSupported)
            throw new SignerException($"{name} can't be started: programs that sign need Linux (x64, arm64)");
        // A write to a program that has ended is an error here, not the end of the server.
        _ = Libc.signal(Libc.SigPipe, Libc.IgnoreSignal);
        try
        {
            using Pipe input = new(),
                output = new(),
                error = new();
            using NativeStrings environment = GuardEnvironment.Unchanged();
            int failure = PosixSpawn.Start(
                command,
                environment,
                [(input.Reader, 0), (output.Writer, 1), (error.Writer, 2)],
                emptyInput: false,
                out int pid
            );
            if (failure != 0)
                throw new SignerException(
                    $"{name} can't be started: {Marshal.GetPInvokeErrorMessage(failure).TrimEnd('.')}"
                );
            int pidDescriptor = Libc.pidfd_open(pid);
            if (pidDescriptor >= 0)
                return new SignerProcess(name, pid, pidDescriptor, input, output, error, onErrorLine);
            string why = Libc.LastFailure.Message;
            _ = Libc.kill(-pid, Libc.SigKill);
            _ = Libc.waitpid(pid, null, 0);
            OwnProcesses.Forget(pid);
            // https://man7.org/linux/man-pages/man2/pidfd_open.2.html: since Linux 5.3.
            throw new SignerException($"{name} can't be watched (pidfd_open): {why}");
        }
        catch (IOException e)
        {
            throw new SignerException($"{name} can't be started: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Asks something.</summary>
    /// <param name="line">ASCII, without its end.</param>
    /// <param name="limit">How long the program may take to read it.</param>
    /// <exception cref="SignerException">It can't be asked, or has said something unasked.</exception>
    public void Ask(string line, Deadline limit)
    {
        Receive();
        if (_length > 0)
            throw new SignerException($"{_name} has written a line that nobody asked for");
        byte[] bytes = Encoding.ASCII.GetBytes(line + "\n");
        for (int sent = 0; sent < bytes.Length; )
        {
            nint count;
            fixed (byte* pointer = bytes)
                count = Libc.write(_input, pointer + sent, (nuint)(bytes.Length - sent));
            int error = count < 0 ? Libc.LastError : 0;
            if (error == 0)
                sent += (int)count;
            else if (error == Libc.ErrorAgain && !Wait(_input, Libc.PollOut, limit))
                throw new SignerException($"{_name} reads nothing");
            else if (error is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                throw Ended();
        }
    }

    /// <summary>Waits for the answer.</summary>
    /// <returns>The line without its end; null if it has not come in time.</returns>
    /// <exception cref="SignerException">None comes, or one that is none; the message says so.</exception>
    public string? Answer(Deadline limit)
    {
        while (true)
        {
            bool isOpen = Receive();
            int end = _answer.AsSpan(0, _length).IndexOf((byte)'\n');
            if (end >= 0 && end + 1 < _length)
                throw new SignerException($"{_name} has answered with more than one line");
            if (end >= 0)
            {
                _length = 0;
                return Text(_answer.AsSpan(0, end).TrimEnd((byte)'\r'));
            }
            if (_length == LongestAnswer)
                throw new SignerException($"{_name} has answered with a line of more than {LongestAnswer} bytes");
            if (!isOpen)
                throw Ended();
            if (!Wait(_output, Libc.PollIn, limit))
                return null;
        }
    }

    /// <summary>Ends it: closes its input, then SIGTERM, then SIGKILL.</summary>
    /// <param name="grace">Time before each of the signals.</param>
    public void End(TimeSpan grace)
    {
        CloseInput();
        if (!_exited.Task.Wait(grace))
            Signal(Libc.SigTerm);
        if (!_exited.Task.Wait(grace))
            Kill();
    }

    /// <summary>Ends it at once if it still runs.</summary>
    public void Dispose()
    {
        CloseInput();
        Kill();
        _ = Libc.close(_output);
    }

    /// <summary>Text for a message, without what would control a terminal.</summary>
    private static string Text(ReadOnlySpan<byte> line)
    {
        string text = OneLine.Of(Encoding.UTF8.GetString(line));
        return text.Length > ShownText ? text[..ShownText] : text;
    }

    /// <summary>Takes what has come.</summary>
    /// <returns>Whether more may come.</returns>
    private bool Receive()
    {
        while (_length < LongestAnswer)
        {
            nint count;
            fixed (byte* pointer = _answer)
                count = Libc.read(_output, pointer + _length, (nuint)(LongestAnswer - _length));
            if (count > 0)
                _length += (int)count;
            else if (count == 0)
                return false;
            else if (Libc.LastError != Libc.ErrorInterrupted)
                return Libc.LastError == Libc.ErrorAgain;
        }
        return true;
    }

    private static bool Wait(int descriptor, short events, Deadline limit)
    {
        while (limit.Milliseconds is > 0 and var left)
        {
            if (Poll(descriptor, events, left))
                return true;
        }
        return false;
    }

    private static bool Poll(int descriptor, short events, int milliseconds)
    {
        var watched = new PollDescriptor(descriptor) { Events = events };
        return Libc.poll(&watched, 1, milliseconds) > 0;
    }

    private SignerException Ended()
    {
        // It may have closed its output and still run.
        if (!_exited.Task.Wait(KillLimit))
            return new SignerException($"{_name} has closed its output");
        WaitStatus status = _exited.Task.Result;
        return new SignerException(
            status.Signal > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{_name} was ended by signal {status.Signal}")
                : string.Create(CultureInfo.InvariantCulture, $"{_name} has ended with exit code {status.Code}")
        );
    }

    private void CloseInput()
    {
        if (_input >= 0)
            _ = Libc.close(_input);
        _input = -1;
    }

    private void Kill()
    {
        Signal(Libc.SigKill);
        _ = _exited.Task.Wait(KillLimit);
    }

    /// <summary>To all of its group, whose id stays its own until it is waited for.</summary>
    private void Signal(int signal)
    {
        lock (_signals)
        {
            if (!HasExited)
                _ = Libc.kill(-_pid, signal);
        }
    }

    /// <summary>Reads its errors until it ends, then ends what it has left behind.</summary>
    private void Watch()
    {
        var errors = new LineSplitter(_lines.Post);
        var buffer = new byte[LongestAnswer];
        var watched = stackalloc PollDescriptor[2];
        (watched[0], watched[1]) = (new PollDescriptor(_pidDescriptor), new PollDescriptor(_error));
        bool isOpen = true;
        // Once it has ended, what it wrote before is read to its end or the next pause.
        for (bool runs = true; runs || isOpen; )
        {
            int ready = Libc.poll(watched, 2, runs ? -1 : 0);
            if (ready < 0)
                continue;
            if (ready == 0)
                break;
            runs &= !watched[0].IsReady;
            if (!runs)
                watched[0].Descriptor = -1;
            if (!watched[1].IsReady)
                continue;
            nint count;
            fixed (byte* pointer = buffer)
                count = Libc.read(_error, pointer, (nuint)buffer.Length);
            if (count > 0)
                errors.Feed(buffer.AsSpan(0, (int)count));
            else if (count == 0 || Libc.LastError != Libc.ErrorInterrupted)
                (isOpen, watched[1].Descriptor) = (false, -1);
        }
        errors.Finish();
        _lines.Complete(DeliveryLimit);
        _ = Libc.close(_error);
        _ = Libc.close(_pidDescriptor);
        int status;
        lock (_signals)
        {
            _ = Libc.kill(-_pid, Libc.SigKill);
            while (Libc.waitpid(_pid, &status, 0) < 0 && Libc.LastError == Libc.ErrorInterrupted) { }
            OwnProcesses.Forget(_pid);
            _exited.SetResult(new WaitStatus(status));
        }
    }
}
