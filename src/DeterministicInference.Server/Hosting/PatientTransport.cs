using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace DeterministicInference.Server.Hosting;

/// <summary>A connection whose end is seen only behind its last byte.</summary>
/// <param name="inner">The connection.</param>
internal sealed class PatientTransport(IDuplexPipe inner) : IDuplexPipe
{
    public PipeReader Input { get; } = new PatientReader(inner.Input);

    public PipeWriter Output => inner.Output;

    /// <summary>
    /// Does not report the end together with bytes that were not examined yet, as the pipe may. Behind them the next
    /// read reports it.
    /// </summary>
    private sealed class PatientReader(PipeReader inner) : PipeReader
    {
        private ReadResult _last;

        /// <summary>Bytes that were examined and not consumed: they are read again.</summary>
        private long _examined;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
            return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Result(read.Result)) : WaitAsync(read);
        }

        public override bool TryRead(out ReadResult result)
        {
            bool isRead = inner.TryRead(out result);
            if (isRead)
                result = Result(result);
            return isRead;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _examined = _last.Buffer.Slice(consumed, examined).Length;
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read) => Result(await read);

        private ReadResult Result(ReadResult read)
        {
            bool isEarly = read is { IsCompleted: true, IsCanceled: false } && read.Buffer.Length > _examined;
            return _last = isEarly ? new ReadResult(read.Buffer, isCanceled: false, isCompleted: false) : read;
        }
    }
}
