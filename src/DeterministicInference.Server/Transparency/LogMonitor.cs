using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Transparency;

/// <summary>
/// Follows a log and tells how it grows. It ends with the evidence once the log contradicts itself: nothing that it
/// shows afterwards can take that back.
/// </summary>
/// <param name="folder">Folder of the mirror.</param>
/// <param name="mirror">What was seen.</param>
/// <param name="source">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class LogMonitor(string folder, LogMirror mirror, LogSource source, TimeProvider time)
{
    /// <summary>The exit code of a history that was rewritten: that of <c>verify</c> for TAMPERED.</summary>
    private const int Tampered = 13;

    /// <param name="interval">Time between two looks; null for one look.</param>
    /// <param name="cancellation">Ends the monitor.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">The folder has evidence of an earlier contradiction.</exception>
    /// <exception cref="IOException">The folder can't be used, or another process follows a log into it.</exception>
    public async Task<int> RunAsync(TimeSpan? interval, CancellationToken cancellation)
    {
        if (Directory.EnumerateFiles(folder, "evidence-*.txt").FirstOrDefault() is { } earlier)
        {
            throw new InputException(
                $"{earlier}: this log has contradicted itself. Keep the file, and follow another log, in another "
                    + "folder."
            );
        }
        // Two that follow into one folder would undo each other's work.
        await using var @lock = new FileStream(
            Path.Combine(folder, "lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None
        );
        while (true)
        {
            try
            {
                (long before, long now, LogEnd? end) = await mirror.UpdateAsync(cancellation);
                if (now > before || interval is null || end is not null)
                    Tell(string.Create(CultureInfo.InvariantCulture, $"{now} entries, {now - before} of them new"));
                if (end is not null)
                    Tell(
                        $"The log has ended{(end.IsRevoked || source.IsRevoked ? ", and its key is revoked" : "")}. "
                            + $"The next one, to follow in a folder of its own, has the key {end.Next}"
                    );
                if (interval is null || end is not null)
                    return ExitCode.Success;
            }
            catch (NoAnswerException e)
            {
                await Console.Error.WriteLineAsync(Line($"error: {source.Address}: {OneLine.Of(e.Message)}"));
                if (interval is null)
                    return ExitCode.Failure;
            }
            catch (LogHistoryException e)
            {
                await ReportAsync(e);
                return Tampered;
            }
            await Task.Delay(interval.Value, time, cancellation);
        }
    }

    /// <summary>First to whoever reads along: a full disk must not hide it.</summary>
    private async Task ReportAsync(LogHistoryException history)
    {
        await Console.Error.WriteLineAsync(Line($"NOT CONSISTENT: {history.Message}:") + "\n\n" + history.Evidence);
        string file = Path.Combine(
            folder,
            $"evidence-{time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}.txt"
        );
        try
        {
            AtomicFile.Replace(file, Encoding.UTF8.GetBytes(history.Evidence));
            await Console.Error.WriteLineAsync(Line($"The evidence is in {file}"));
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            await Console.Error.WriteLineAsync(Line($"error: {file} can't be written: {OneLine.Of(e.Message)}"));
        }
    }

    private void Tell(string text) => Console.Out.WriteLine(Line(text));

    private string Line(string text) => $"{StatementNames.Of(time.GetUtcNow())} {text}";
}
