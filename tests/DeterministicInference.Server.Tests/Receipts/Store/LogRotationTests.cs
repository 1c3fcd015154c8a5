using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>One log ends and the next begins: <c>receipts rotate</c> and what the store makes of it.</summary>
public sealed class LogRotationTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Next => _folder.In("log-2");

    private string Prepared => _folder.In("log-2.new");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_receipts_of_both_logs_are_found_and_proved_each_with_its_key(bool revokes)
    {
        NewReceipt old = (await _folder.FillAsync(300))[7];
        NoteKey before = KeyOf(1);
        Rotate(revokes);
        NewReceipt young;
        NoteKey after;
        await using (ReceiptStore store = _folder.Open())
        {
            after = store.LogKey;
            Assert.NotEqual(before.Key.KeyId, after.Key.KeyId);
            Assert.NotEqual(before.Name, after.Name);
            Assert.True(LogOrigin.HasName(after.Name, LogOrigin.DefaultName));
            young = (await _folder.AppendAsync(store, 1))[0];
            foreach ((NewReceipt receipt, NoteKey key) in new[] { (old, before), (young, after) })
            {
                StoredReceipt found = (await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt!;
                (await store.ProveAsync(found, Cancellation)).Verify(receipt.Leaf, key);
            }
            ClosedLog closed = Assert.Single(store.ClosedLogs);
            Assert.Equal((302, after.ToString()), (closed.State.Checkpoint.Size, closed.State.End!.Next.ToString()));
            Assert.Equal((revokes, revokes), (closed.State.End.IsRevoked, closed.Revocation is not null));
            if (revokes)
                Assert.True(LogRevocation.Verify(closed.Revocation!).Covers(closed.State.Checkpoint));
            Assert.NotNull(await store.FindEnvironmentAsync(_folder.Environment.Id, null, Cancellation));
        }
        await _folder.CheckAsync();
        Assert.Equal(
            [(after.Name, 2L), (before.Name, 300L)],
            (await _folder.ListAsync(2)).Select(receipt => (receipt.Origin, receipt.Index))
        );
        Assert.False(Directory.Exists(Prepared));
        if (!OperatingSystem.IsWindows())
        {
            foreach (string file in (string[])["signing-key.pem", "receipts.db"])
                Assert.Equal(ReceiptDirectory.OwnerOnly, File.GetUnixFileMode(Path.Combine(Next, file)));
        }

        Rotate(revokes: false);
        await using ReceiptStore third = _folder.Open();
        Assert.Equal((3, 2), (third.Number, third.ClosedLogs.Count));
        Assert.NotNull((await third.FindAsync(old.ReceiptId, Cancellation)).Receipt);
        Assert.NotNull((await third.FindAsync(young.ReceiptId, Cancellation)).Receipt);
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task Owners_find_their_receipts_in_a_closed_log_and_no_others()
    {
        byte[] owner = [1, 2, 3],
            other = [1, 2, 4];
        NewReceipt receipt = _folder.Issue(owner);
        await using (ReceiptStore store = _folder.Open())
            Assert.NotNull(await store.AppendAsync(receipt, Cancellation));
        Rotate(revokes: false);
        await using ReceiptStore again = _folder.Open();
        Assert.NotNull((await again.FindOwnAsync(receipt.ReceiptId, owner, Cancellation)).Receipt);
        Assert.False((await again.FindOwnAsync(receipt.ReceiptId, other, Cancellation)).IsKnown);
        Assert.False((await again.FindOwnAsync(receipt.ReceiptId, null, Cancellation)).IsKnown);
    }

    /// <summary>Before the last entry is committed the log goes on, and the key that was made is used later.</summary>
    [Fact]
    public async Task A_crash_before_the_end_changes_nothing()
    {
        await _folder.FillAsync(3);
        using SigningKey made = SigningKey.Create();
        Directory.CreateDirectory(Prepared);
        SigningKeyFile.WriteNew(Path.Combine(Prepared, "signing-key.pem.new"), made);
        await using (ReceiptStore store = _folder.Open())
        {
            Assert.Equal((1, 0), (store.Number, store.ClosedLogs.Count));
            await _folder.AppendAsync(store, 1);
        }
        Rotate(revokes: false);
        Assert.Equal(made.PublicKey.KeyId, KeyOf(2).Key.KeyId);
        await _folder.CheckAsync();
    }

    /// <summary>
    /// Each step after the last entry is undone, with those that follow it: the next start and the next rotation take
    /// them again, and come to the same log.
    /// </summary>
    [Theory]
    [InlineData("renamed folder", false)]
    [InlineData("renamed folder", true)]
    [InlineData("renamed key", false)]
    [InlineData("renamed key", true)]
    [InlineData("begun log", false)]
    [InlineData("begun log", true)]
    [InlineData("revocation", true)]
    [InlineData("published checkpoint", false)]
    public async Task A_crash_after_the_end_is_finished_by_whoever_comes_next(string lost, bool byRotation)
    {
        await _folder.FillAsync(300);
        Rotate(revokes: true);
        string next = KeyOf(2).ToString();
        string revocation = await File.ReadAllTextAsync(_folder.In("log-1/revocation"), Cancellation);
        Directory.Move(Next, Prepared);
        string[] steps = ["renamed folder", "renamed key", "begun log", "revocation", "published checkpoint"];
        int last = Array.IndexOf(steps, lost);
        if (last >= 1)
            File.Move(Path.Combine(Prepared, "signing-key.pem"), Path.Combine(Prepared, "signing-key.pem.new"));
        if (last >= 2)
        {
            File.Delete(Path.Combine(Prepared, "receipts.db"));
            File.Delete(Path.Combine(Prepared, "checkpoint"));
        }
        if (last >= 3)
            File.Delete(_folder.In("log-1/revocation"));
        if (last >= 4)
            File.Delete(_folder.CheckpointFile);
        await Assert.ThrowsAsync<ReceiptStoreException>(_folder.CheckAsync);

        if (byRotation)
            Rotate(revokes: true);
        else
            await _folder.Open().DisposeAsync();
        Assert.Equal(next, KeyOf(2).ToString());
        Assert.Equal(revocation, await File.ReadAllTextAsync(_folder.In("log-1/revocation"), Cancellation));
        Assert.True(File.Exists(_folder.CheckpointFile));
        await _folder.CheckAsync();
        await using ReceiptStore store = _folder.Open();
        Assert.Equal(2, store.Number);
        await _folder.AppendAsync(store, 1);
    }

    [Fact]
    public async Task An_interrupted_rotation_is_finished_as_it_was_meant()
    {
        await _folder.FillAsync(3);
        Rotate(revokes: false);
        Directory.Move(Next, Prepared);
        Assert.Contains(
            "Repeat it without --revoke first.",
            Assert.Throws<ReceiptStoreException>(() => Rotate(revokes: true)).Message,
            StringComparison.Ordinal
        );
        Rotate(revokes: false);
        await _folder.CheckAsync();
    }

    /// <summary>A leak may be found long after the log has ended.</summary>
    /// <summary>Without its revocation a revoked key would count again.</summary>
    [Fact]
    public async Task A_revocation_that_is_lost_or_anothers_is_no_revocation()
    {
        await _folder.FillAsync(2);
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes: true);
        string file = Path.Combine(_folder.LogPath, "revocation"),
            note = await File.ReadAllTextAsync(file, Cancellation),
            origin;
        using (LogArchive log = LogArchive.Open(LogFolder.Of(_folder.Path, 1)))
            origin = log.Key.Name;
        File.Delete(file);
        string missing =
            $"--data-dir: the file {file} is missing, which revokes the key. Write it again: receipts revoke {origin}, "
            + "or after a rotation that was interrupted receipts rotate --revoke.";
        Assert.Equal(missing, Assert.Throws<ReceiptStoreException>(() => _folder.Open()).Message);
        Assert.Equal(missing, (await Assert.ThrowsAsync<ReceiptStoreException>(() => _folder.CheckAsync())).Message);
        // By the key itself, of another state.
        LogRevocation real = LogRevocation.Verify(note);
        using (var key = SigningKey.FromPem(await File.ReadAllTextAsync(_folder.KeyFile, Cancellation)))
        using (SigningKey other = SigningKey.Create())
        {
            var another = new LogRevocation(real.Key, 1, MerkleHash.Empty, new NoteKey("log/other", other.PublicKey));
            await File.WriteAllTextAsync(file, $"{another.Sign(key, other)}", Cancellation);
        }
        Assert.Contains(
            $"the revocation of the key of {origin} is not that of its last entry",
            Assert.Throws<ReceiptStoreException>(() => _folder.Open()).Message,
            StringComparison.Ordinal
        );
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            Assert.Throws<InvalidDataException>(() => LogRotation.Revoke(directory, LogSigners.None, origin));
        File.Delete(file);
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Revoke(directory, LogSigners.None, origin);
        Assert.Equal(note, await File.ReadAllTextAsync(file, Cancellation));
        await _folder.CheckAsync();
        await using ReceiptStore store = _folder.Open();
        Assert.Equal(note, store.ClosedLogs[0].Revocation);
    }

    [Fact]
    public async Task The_key_of_a_log_that_has_ended_is_revoked()
    {
        await _folder.FillAsync(3);
        string ended = KeyOf(1).Name;
        Rotate(revokes: false);
        string present = KeyOf(2).Name;
        Rotate(revokes: false);
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
        {
            Assert.Equal(
                $"--data-dir: {_folder.Path} has no log 'x'. Give the origin or the verifier key of one of: {ended}, "
                    + $"{present}, {KeyOf(3).Name}.",
                Refusal("x")
            );
            Assert.EndsWith(
                "Revoke its key with receipts rotate --revoke, which ends it.",
                Refusal(KeyOf(3).ToString()),
                StringComparison.Ordinal
            );
            string file = LogRotation.Revoke(directory, LogSigners.None, ended);
            Assert.Equal(_folder.In("log-1/revocation"), file);
            string note = await File.ReadAllTextAsync(file, Cancellation);
            Assert.Equal((ended, present), (LogRevocation.Verify(note).Key.Name, LogRevocation.Verify(note).Next.Name));
            // Once more is the same.
            Assert.Equal(file, LogRotation.Revoke(directory, LogSigners.None, ended));
            Assert.Equal(note, await File.ReadAllTextAsync(file, Cancellation));

            string Refusal(string name) =>
                Assert
                    .Throws<ReceiptStoreException>(() => LogRotation.Revoke(directory, LogSigners.None, name))
                    .Message;
        }
        await _folder.CheckAsync();
        await using ReceiptStore store = _folder.Open();
        Assert.Equal([true, false], store.ClosedLogs.Select(log => log.Revocation is not null));
        Assert.True(LogRevocation.Verify(store.ClosedLogs[0].Revocation!).Covers(store.ClosedLogs[0].State.Checkpoint));
    }

    /// <summary>A key that is not the named one would begin a log that nobody is sent to.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_whose_successor_is_lost_is_not_continued(bool hasOtherKey)
    {
        await _folder.FillAsync(3);
        Rotate(revokes: false);
        NoteKey next = KeyOf(2);
        Directory.Delete(Next, recursive: true);
        if (hasOtherKey)
        {
            using SigningKey other = SigningKey.Create();
            Directory.CreateDirectory(Prepared);
            SigningKeyFile.WriteNew(Path.Combine(Prepared, "signing-key.pem.new"), other);
        }
        string[] files = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(
            $"--data-dir: the log in {_folder.LogPath} has ended, and the one that follows it is missing: {next}. "
                + "Restore its folder from a copy, or start a new log in another --data-dir.",
            _folder.Refusal()
        );
        Assert.Equal(files, Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    /// <summary>A log of another folder, a log that was set back, and one that never ended.</summary>
    [Fact]
    public async Task Logs_that_do_not_follow_each_other_are_named()
    {
        await _folder.FillAsync(3);
        string early = _folder.Beside("early");
        _folder.CopyTo(early);
        Rotate(revokes: false);
        using var other = new StoreFolder();
        await other.FillAsync(3);
        Rotate(revokes: false, other);

        string kept = _folder.Beside("kept");
        Directory.Move(_folder.LogPath, kept);
        // One may be moved away: what is left is whole.
        await _folder.CheckAsync();
        await _folder.Open().DisposeAsync();

        Directory.Move(Path.Combine(early, "log-1"), _folder.LogPath);
        await RefusedAsync("has not ended, although");
        Directory.Delete(_folder.LogPath, recursive: true);
        Directory.Move(other.LogPath, _folder.LogPath);
        await RefusedAsync(" as the next one, and ");
        Directory.Delete(_folder.LogPath, recursive: true);
        Directory.Move(kept, _folder.LogPath);
        await _folder.CheckAsync();

        async Task RefusedAsync(string why)
        {
            Assert.Contains(why, _folder.Refusal(), StringComparison.Ordinal);
            Assert.Contains(
                why,
                (await Assert.ThrowsAsync<InvalidDataException>(_folder.CheckAsync)).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Retention_deletes_in_all_logs()
    {
        NewReceipt old = (await _folder.FillAsync(150))[0];
        Rotate(revokes: false);
        _folder.Clock.Advance(TimeSpan.FromDays(20));
        NewReceipt young = (await _folder.FillAsync(2))[0];
        _folder.Clock.Advance(TimeSpan.FromDays(20));
        await using (ReceiptStore store = _folder.Open(settings => settings with { Retention = TimeSpan.FromDays(30) }))
        {
            while (!(await store.FindAsync(old.ReceiptId, Cancellation)).IsPruned)
                Assert.True(await store.PutEnvironmentAsync(_folder.Environment, Cancellation));
            Assert.NotNull((await store.FindAsync(young.ReceiptId, Cancellation)).Receipt);
        }
        Assert.Contains(
            _folder.Notes,
            note => note.StartsWith("150 receipts were deleted with their salts", StringComparison.Ordinal)
        );
        await _folder.CheckAsync();
    }

    /// <summary>The log has ended: what the key signs afterwards is found by anyone.</summary>
    [Fact]
    public async Task A_line_in_a_wrong_place_is_found()
    {
        await _folder.FillAsync(3);
        Rotate(revokes: false);
        _folder.Tamper("UPDATE entry SET idx = 100 WHERE idx = 4; UPDATE entry SET idx = 4 WHERE idx = 3");
        _folder.Tamper("UPDATE entry SET idx = 3 WHERE idx = 100");
        Assert.Contains(
            "closes the log, and others follow it",
            (await Assert.ThrowsAsync<InvalidDataException>(_folder.CheckAsync)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_receipt_can_t_be_hidden_as_another_line()
    {
        NewReceipt hidden = (await _folder.FillAsync(3))[1];
        long index = (await _folder.ListAsync(10)).Single(receipt => receipt.ReceiptId == hidden.ReceiptId).Index;
        string line = Convert.ToHexString(hidden.Entry.Bytes.Span);
        _folder.Tamper(
            $"UPDATE entry SET digest = NULL, line = x'{line}' WHERE idx = {index}; DELETE FROM receipt WHERE entry = "
                + $"{index}"
        );
        Assert.Equal(
            $"entry {index} is a receipt's, and is not stored as one",
            (await Assert.ThrowsAsync<InvalidDataException>(_folder.CheckAsync)).Message
        );
    }

    public void Dispose() => _folder.Dispose();

    private NoteKey KeyOf(int number)
    {
        using LogArchive log = LogArchive.Open(LogFolder.Of(_folder.Path, number));
        return log.Key;
    }

    private void Rotate(bool revokes, StoreFolder? other = null)
    {
        StoreFolder folder = other ?? _folder;
        using ReceiptDirectory directory = ReceiptDirectory.Open(folder.Path, folder);
        LogRotation.Run(directory, LogSigners.None, name: null, revokes);
    }
}
