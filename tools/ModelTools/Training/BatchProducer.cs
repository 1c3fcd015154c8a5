using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace DeterministicInference.ModelTools.Training;

/// <summary>Makes the batches ahead of the steps that use them, on its own thread.</summary>
internal sealed class BatchProducer : IDisposable
{
    private const int Ahead = 4;
    private readonly BlockingCollection<Batch> _batches = new(Ahead);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts making batches from a document on.</summary>
    public BatchProducer(BatchPacker packer, long firstDocument)
    {
        _thread = new Thread(() => Produce(packer, firstDocument)) { IsBackground = true, Name = "batches" };
        _thread.Start();
    }

    /// <summary>The next batch in order.</summary>
    public Batch Take(CancellationToken cancellation)
    {
        if (_batches.TryTake(out Batch? batch, Timeout.Infinite, cancellation))
            return batch;
        _failure?.Throw();
        throw new InvalidOperationException("The batches have ended.");
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _stop.Dispose();
        _batches.Dispose();
    }

    private void Produce(BatchPacker packer, long next)
    {
        try
        {
            while (true)
            {
                Batch batch = packer.Pack(next);
                _batches.Add(batch, _stop.Token);
                next = batch.NextDocument;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested) { }
#pragma warning disable CA1031 // Whatever the document source throws belongs to the trainer's thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
        finally
        {
            _batches.CompleteAdding();
        }
    }
}
