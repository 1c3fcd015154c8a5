using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Receipts.Signing;

/// <summary>
/// Signs through a program of the operator, which has the key in a device or a service. The program runs as long as the
/// signer; one that fails is ended, and started again for a later signature, with growing pauses. What it answers is
/// trusted only where the public key verifies it.
/// <list type="bullet">
/// <item><c>public-key</c>: it answers with base64 of the 32 bytes of its key.</item>
/// <item><c>sign BASE64</c>: it answers with base64 of the 64 bytes of a signature of the decoded bytes.</item>
/// <item>In place of an answer, <c>error TEXT</c> says why there is none.</item>
/// </list>
/// </summary>
internal sealed partial class CommandSigner : ISigner
{
    private const string ErrorPrefix = "error ";

    private static readonly byte[] Test = "dis-signer-test/1\n"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<string> _command;
    private readonly SignerLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly string _name;
    private VerificationKey? _key;
    private SignerProcess? _process;
    private bool _hasToldKey,
        _isDisposed;
    private int _failures;
    private long _failedAt;
    private string _problem = "";

    private CommandSigner(IReadOnlyList<string> command, SignerLimits limits, TimeProvider clock, ILogger logger)
    {
        (_command, _limits, _clock, _logger) = (command, limits, clock, logger);
        // Its arguments may say where a secret is.
        _name = $"the signer command {command[0]}";
    }

    /// <inheritdoc/>
    public VerificationKey PublicKey => _key!;

    /// <summary>Starts the program, asks for its public key, and lets it sign a text that means nothing.</summary>
    /// <param name="command">The program and its arguments; no shell reads them.</param>
    /// <param name="limits">How long it may take.</param>
    /// <param name="clock">For the pauses between its starts.</param>
    /// <param name="logger">For its errors, and its ends.</param>
    /// <exception cref="SignerException">It can't be started, gives no key, or does not sign with it.</exception>
    public static CommandSigner Start(
        IReadOnlyList<string> command,
        SignerLimits limits,
        TimeProvider clock,
        ILogger logger
    )
    {
        var signer = new CommandSigner(command, limits, clock, logger);
        try
        {
            // No log may be left to a key that can't sign.
            signer.Sign(Test, limits.Start);
            return signer;
        }
        catch
        {
            signer.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="SignerException">The program gave no signature of its key in time.</exception>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            try
            {
                return Sign(data, _limits.Answer);
            }
            catch (SignerException e) when (e.IsBroken)
            {
                Fail(e.Message);
                throw;
            }
        }
    }

    /// <summary>Ends the program: its input ends, and the signals come if it stays.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _process?.End(_limits.Grace);
            EndProcess();
        }
    }

    private byte[] Sign(ReadOnlySpan<byte> data, TimeSpan within)
    {
        var limit = new Deadline(within);
        SignerProcess process = Connect(limit);
        process.Ask($"sign {Convert.ToBase64String(data)}", limit);
        string answer =
            process.Answer(limit)
            ?? throw new SignerException($"{_name} has given no signature within {within.TotalSeconds:0.###} s");
        byte[] signature =
            Read(answer, VerificationKey.SignatureSize, mayDecline: true)
            ?? throw new SignerException(
                $"{_name} has answered with something else than base64 of {VerificationKey.SignatureSize} bytes"
            );
        if (!PublicKey.Verify(data, signature))
            throw new SignerException($"{_name} has given a signature that is not by its key");
        _failures = 0;
        return signature;
    }

    /// <summary>The running program, once its key is known.</summary>
    private SignerProcess Connect(Deadline limit)
    {
        if (_hasToldKey && _process is { HasLeft: true })
        {
            Restarting(_logger, _name);
            EndProcess();
        }
        if (_process is null)
        {
            RequirePause();
            _process = SignerProcess.Start(_name, _command, line => Said(_logger, line));
            _process.Ask("public-key", limit);
        }
        if (_hasToldKey)
            return _process;
        if (_process.Answer(limit) is not { } answer)
        {
            // One that takes its time to start is waited for again, as it would need the same time a second time.
            throw new SignerException(
                $"{_name} has not told its public key yet",
                isBroken: _key is null || _process.Age >= _limits.Start
            );
        }
        VerificationKey key = ReadKey(answer);
        if (_key is not null && key.KeyId != _key.KeyId)
            throw new SignerException($"{_name} has the key {key.KeyId} now, and not {_key.KeyId} as before");
        (_key, _hasToldKey) = (key, true);
        return _process;
    }

    private VerificationKey ReadKey(string answer)
    {
        try
        {
            if (Read(answer, VerificationKey.Size, mayDecline: false) is { } bytes)
                return new VerificationKey(bytes);
        }
        catch (CryptographicException)
        {
            // Said below.
        }
        throw new SignerException(
            $"{_name} has answered with something else than base64 of the {VerificationKey.Size} bytes of an Ed25519 "
                + "public key"
        );
    }

    /// <returns>Null if it is not base64 of so many bytes.</returns>
    private byte[]? Read(string answer, int size, bool mayDecline)
    {
        if (answer.StartsWith(ErrorPrefix, StringComparison.Ordinal))
            throw new SignerException($"{_name} says: {answer[ErrorPrefix.Length..]}", isBroken: !mayDecline);
        Span<byte> bytes = stackalloc byte[size + 3];
        return Convert.TryFromBase64String(answer, bytes, out int length) && length == size
            ? bytes[..length].ToArray()
            : null;
    }

    private void Fail(string problem)
    {
        (_problem, _failedAt) = (problem, _clock.GetTimestamp());
        _failures++;
        EndProcess();
    }

    private void EndProcess()
    {
        _process?.Dispose();
        (_process, _hasToldKey) = (null, false);
    }

    private void RequirePause()
    {
        if (_failures == 0)
            return;
        TimeSpan pause = _limits.FirstPause * Math.Pow(2, Math.Min(_failures - 1, 16));
        if (_clock.GetElapsedTime(_failedAt) < (pause < _limits.LongestPause ? pause : _limits.LongestPause))
            throw new SignerException(_problem, isBroken: false);
    }

    [LoggerMessage(LogLevel.Warning, "{Signer} has ended and is started again")]
    private static partial void Restarting(ILogger logger, string signer);

    [LoggerMessage(LogLevel.Information, "Signer command: {Line}")]
    private static partial void Said(ILogger logger, string line);
}
