using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;
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
            Assert.NotNull((await store.FindEnvironmentAsync(_folder.Environment.Id, null, Cancellation)).Document);
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
        AtomicFile.Create(Path.Combine(Prepared, "signing-key.pem.new"), SigningKeyFile.Content(made));
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
    [InlineData("damaged revocation", false)]
    [InlineData("damaged revocation", true)]
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
        if (lost == "damaged revocation")
            await File.WriteAllTextAsync(_folder.In("log-1/revocation"), revocation[..^10], Cancellation);
        Assert.Contains(
            "repeat receipts rotate --revoke: both finish the rotation",
            (await Assert.ThrowsAsync<ReceiptStoreException>(_folder.CheckAsync)).Message,
            StringComparison.Ordinal
        );
        if (lost is not ("renamed folder" or "renamed key" or "begun log"))
        {
            using ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder);
            Assert.EndsWith(
                "Finish it first: receipts rotate --revoke.",
                Assert
                    .Throws<ReceiptStoreException>(() => LogRotation.Revoke(directory, LogSigners.None, KeyOf(1).Name))
                    .Message,
                StringComparison.Ordinal
            );
        }

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

    /// <summary>Without its revocation a revoked key would count again.</summary>
    [Theory]
    [InlineData("missing", "is missing, which revokes the key")]
    [InlineData("empty", "is no revocation: ")]
    [InlineData("truncated", "is no revocation: ")]
    [InlineData("another key's", "revokes another key")]
    [InlineData("another state's", "does not name the log's last checkpoint")]
    [InlineData("folder", "is a folder")]
    [InlineData("dangling link", "can't be read: ")]
    public async Task A_revocation_that_is_lost_or_anothers_is_written_again(string how, string problem)
    {
        await _folder.FillAsync(2);
        Rotate(revokes: true);
        string file = _folder.In("log-1/revocation"),
            note = await File.ReadAllTextAsync(file, Cancellation),
            origin = KeyOf(1).Name;
        using (var key = SigningKey.FromPem(await File.ReadAllTextAsync(_folder.KeyFile, Cancellation)))
        using (SigningKey other = SigningKey.Create())
        {
            LogRevocation real = LogRevocation.Verify(note);
            var foreign = new NoteKey("log/other", other.PublicKey);
            File.Delete(file);
            if (how == "folder")
                Directory.CreateDirectory(file);
            else if (how == "dangling link")
                File.CreateSymbolicLink(file, file + "-elsewhere");
            else if (how != "missing")
            {
                string text = how switch
                {
                    "empty" => "",
                    "truncated" => note[..^10],
                    "another key's" => $"{(real with { Key = foreign, Next = real.Key }).Sign(other, key)}",
                    _ => $"{(real with { Size = 1, Next = foreign }).Sign(key, other)}",
                };
                await File.WriteAllTextAsync(file, text, Cancellation);
            }
        }
        string start = $"--data-dir: the file {file} {problem}",
            remedy = $"Write it again: receipts revoke {origin} --data-dir {_folder.Path}.";
        foreach (
            string told in new[]
            {
                _folder.Refusal(),
                (await Assert.ThrowsAsync<ReceiptStoreException>(_folder.CheckAsync)).Message,
            }
        )
        {
            Assert.StartsWith(start, told, StringComparison.Ordinal);
            Assert.EndsWith(remedy, told, StringComparison.Ordinal);
        }
        if (how == "folder")
        {
            Assert.Equal(
                $"--data-dir: {file} is a folder, and must be a file. Move it away, and repeat the command.",
                Assert.Throws<ReceiptStoreException>(Revoke).Message
            );
            Directory.Delete(file);
        }
        Revoke();
        Assert.Equal(note, await File.ReadAllTextAsync(file, Cancellation));
        await _folder.CheckAsync();
        await using ReceiptStore store = _folder.Open();
        Assert.Equal(note, store.ClosedLogs[0].Revocation);

        void Revoke()
        {
            using ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder);
            LogRotation.Revoke(directory, LogSigners.None, origin);
        }
    }

    /// <summary>A key that was not revoked has no such file, and the operator decides what it is.</summary>
    [Fact]
    public async Task A_file_that_is_no_revocation_of_a_valid_key_is_named()
    {
        await _folder.FillAsync(2);
        Rotate(revokes: false);
        string file = _folder.In("log-1/revocation");
        await File.WriteAllTextAsync(file, "x", Cancellation);
        Assert.EndsWith(
            $"If the key was revoked, write it again: receipts revoke {KeyOf(1).Name} --data-dir {_folder.Path}. If "
                + "not, move it away.",
            _folder.Refusal(),
            StringComparison.Ordinal
        );
        File.Delete(file);
        await _folder.Open().DisposeAsync();
    }

    /// <summary>Nothing ends that could not be completed.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Something_in_the_place_of_the_revocation_stops_a_rotation_before_it_begins(
        bool revokes,
        bool isFolder
    )
    {
        await _folder.FillAsync(2);
        string file = _folder.In("log-1/revocation");
        if (isFolder)
            Directory.CreateDirectory(file);
        else
            await File.WriteAllTextAsync(file, "x", Cancellation);
        Assert.Equal(
            $"--data-dir: {file} is none of this log, which has not ended. Move it away first.",
            Assert.Throws<ReceiptStoreException>(() => Rotate(revokes)).Message
        );
        Assert.False(Directory.Exists(Prepared));
        Directory.Move(file, _folder.Beside("away"));
        Rotate(revokes);
        await _folder.CheckAsync();
    }

    [Theory]
    [InlineData("log-1/checkpoint", true, "log-1/checkpoint is a folder, and must be a file")]
    [InlineData("log-2", false, "log-2 has the name of the folder of the next log. Move it away first.")]
    public async Task What_stands_in_the_way_of_the_next_log_ends_none(string name, bool isFolder, string problem)
    {
        await _folder.FillAsync(2);
        string path = _folder.In(name);
        File.Delete(path);
        if (isFolder)
            Directory.CreateDirectory(path);
        else
            await File.WriteAllTextAsync(path, "x", Cancellation);
        Exception refused = Assert.ThrowsAny<Exception>(() => Rotate(revokes: false));
        Assert.EndsWith(problem, refused.Message, StringComparison.Ordinal);
        Assert.True(refused is ReceiptStoreException or InvalidDataException, $"{refused}");
        Directory.Move(path, _folder.Beside("away"));
        await using (ReceiptStore store = _folder.Open())
            Assert.Equal((1, false), (store.Number, store.IsNew));
        Rotate(revokes: false);
        await _folder.CheckAsync();
    }

    /// <summary>What comes in the way later leaves the rotation to whoever moves it.</summary>
    [Fact]
    public async Task A_rotation_that_can_t_be_finished_says_what_is_in_the_way()
    {
        await _folder.FillAsync(2);
        Rotate(revokes: false);
        Directory.Move(Next, Prepared);
        await File.WriteAllTextAsync(Next, "x", Cancellation);
        foreach (string told in new[] { _folder.Refusal(), Refusal(() => Rotate(revokes: false)) })
        {
            Assert.StartsWith(
                $"--data-dir: the rotation of the log in {_folder.LogPath} can't be finished: ",
                told,
                StringComparison.Ordinal
            );
            Assert.EndsWith(
                "Make room, or move away what has the name, and repeat the command.",
                told,
                StringComparison.Ordinal
            );
        }
        File.Delete(Next);
        Rotate(revokes: false);
        await _folder.CheckAsync();

        static string Refusal(Action act) => Assert.Throws<ReceiptStoreException>(act).Message;
    }

    /// <summary>Only a rotation begins a log after the first.</summary>
    [Fact]
    public async Task An_empty_folder_begins_no_second_log()
    {
        await _folder.FillAsync(2);
        Directory.CreateDirectory(Next);
        Assert.StartsWith(
            $"--data-dir: {Next} has no key, and is no log. If it is empty, move it away;",
            _folder.Refusal(),
            StringComparison.Ordinal
        );
        Assert.Empty(Directory.GetFileSystemEntries(Next));
        Directory.Delete(Next);
        await _folder.Open().DisposeAsync();
        await _folder.CheckAsync();
    }

    /// <summary>A leak may be found long after the log has ended.</summary>
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
            AtomicFile.Create(Path.Combine(Prepared, "signing-key.pem.new"), SigningKeyFile.Content(other));
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
