using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Http;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>Asks one witness for cosignatures (C2SP tlog-witness, add-checkpoint). For one caller at a time.</summary>
internal sealed class WitnessClient : IDisposable
{
    /// <summary>Most bytes of an answer: 64 signatures of up to 3.3 kB.</summary>
    private const int MaxAnswerBytes = 256 << 10;

    private const string SizeType = "text/x.tlog.size";

    private const int MaxReason = 300;

    /// <summary>A witness that two servers ask may name another size once more.</summary>
    private const int Attempts = 3;

    private readonly PolicyWitness _witness;
    private readonly OwnLog _log;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _http;
    private long _size;

    /// <param name="witness">The witness, which has an address.</param>
    /// <param name="log">The log.</param>
    /// <param name="timeout">Time limit of each request.</param>
    /// <param name="size">Size of the checkpoint that it has probably cosigned last; 0 if it is unknown.</param>
    public WitnessClient(PolicyWitness witness, OwnLog log, TimeSpan timeout, long size)
    {
        (_witness, _log, _timeout, _size) = (witness, log, timeout, size);
        SocketsHttpHandler handler = OutgoingSocket.CreateHandler();
        // A name may lead to another address by then.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        string prefix = WitnessPolicyFile.UrlOf(witness)!.AbsoluteUri.TrimEnd('/');
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
            BaseAddress = new Uri(prefix + "/"),
        };
    }

    /// <summary>Size of the checkpoint that it has cosigned last, as far as it is known. For any thread.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>Has a checkpoint cosigned.</summary>
    /// <returns>The cosignatures of the policy's key, verified.</returns>
    /// <exception cref="WitnessFailureException">There is none.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<IReadOnlyList<NoteSignature>> CosignAsync(WitnessRound round, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (_size > round.Checkpoint.Size)
            {
                // Others may send it checkpoints too, as anyone has them.
                throw new WitnessFailureException($"has cosigned {_size} entries meanwhile")
                {
                    IsOvertaken = true,
                    Kind = "has cosigned more meanwhile",
                };
            }
            (HttpStatusCode status, string? type, string body) = await SendAsync(round, cancellation);
            switch (status)
            {
                case HttpStatusCode.OK:
                    IReadOnlyList<NoteSignature> cosignatures = Verify(round, body);
                    Volatile.Write(ref _size, round.Checkpoint.Size);
                    return cosignatures;
                case HttpStatusCode.Conflict when attempt < Attempts:
                    Volatile.Write(ref _size, RequireKnown(SizeOf(type, body)));
                    break;
                default:
                    throw new WitnessFailureException(
                        $"answers {(int)status}{Reason(body)} (from {_size} to {round.Checkpoint.Size} entries)"
                    )
                    {
                        Kind = $"answers {(int)status}",
                    };
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, string? Type, string Body)> SendAsync(
        WitnessRound round,
        CancellationToken cancellation
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_timeout);
        try
        {
            IReadOnlyList<Sha256Value> proof = await _log.ConsistencyAsync(_size, round.Checkpoint.Size, limit.Token);
            using var content = new ByteArrayContent(AddCheckpointRequest.Write(_size, proof, round.Sent.ToString()));
            content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
            using HttpResponseMessage response = await _http.PostAsync("add-checkpoint", content, limit.Token);
            byte[] body = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return (
                response.StatusCode,
                response.Content.Headers.ContentType?.MediaType,
                Encoding.UTF8.GetString(body)
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not ReceiptStoreException)
        {
            throw new WitnessFailureException(
                e is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }
                    ? $"answers with more than {MaxAnswerBytes >> 10} KiB"
                    : $"can't be reached: {OneLine.Of(e.Message).TrimEnd('.')}"
            );
        }
        catch (Exception e) when (e is ReceiptStoreException or InvalidDataException)
        {
            throw new WitnessFailureException("was not asked: the log can't be read at present");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new WitnessFailureException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"did not answer within {_timeout.TotalSeconds:0.###} s (--witness-timeout)"
                )
            );
        }
    }

    /// <summary>A witness is believed only what its key has signed. Signatures of unknown keys are left out.</summary>
    private NoteSignature[] Verify(WitnessRound round, string body)
    {
        try
        {
            NoteSignature[] own = [.. SignedNote.ParseSignatures(body).Where(IsOwn)];
            // More of them would fill the note, which has a limit.
            if (own.Length > 1)
                throw new WitnessFailureException($"answers with {own.Length} cosignatures of one key")
                {
                    Kind = "answers with several cosignatures of one key",
                };
            // By itself: what was sent may have an earlier one.
            return _witness.Key.CosignedAt(round.Sent.Only(signature => !IsOwn(signature)).With(own)) switch
            {
                null => throw new WitnessFailureException(
                    $"answers without a cosignature of the policy's key {_witness.Key.Name}+{_witness.Key.Id:x8}"
                ),
                0 => throw new WitnessFailureException("answers with a cosignature that states no time"),
                _ => own,
            };
        }
        catch (LogFormatException e)
        {
            throw new WitnessFailureException($"answers with what is no cosignature: {e.Message.TrimEnd('.')}")
            {
                Kind = "answers with what is no cosignature",
            };
        }
    }

    private bool IsOwn(NoteSignature signature) =>
        signature.Name == _witness.Key.Name && signature.KeyId == _witness.Key.Id;

    /// <summary>An answer is not signed: one that names more entries than there are is not kept.</summary>
    private long RequireKnown(long size)
    {
        long newest = Checkpoint.Parse(_log.Checkpoint.Text).Size;
        return size <= newest
            ? size
            : throw new WitnessFailureException(
                $"has cosigned {size} entries, and this log has {newest}: the log was set back, or another server "
                    + "continues it"
            )
            {
                Kind = "has cosigned more than there is",
            };
    }

    private static long SizeOf(string? type, string body) =>
        type == SizeType
        && body.EndsWith('\n')
        && long.TryParse(body.AsSpan()[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size
            : throw new WitnessFailureException($"answers 409 without the size that it has cosigned{Reason(body)}")
            {
                Kind = "answers 409 without a size",
            };

    private static string Reason(string body)
    {
        string text = OneLine.Of(body.Trim()).TrimEnd('.');
        return text.Length == 0 ? "" : $": {(text.Length <= MaxReason ? text : text[..MaxReason] + "…")}";
    }
}
