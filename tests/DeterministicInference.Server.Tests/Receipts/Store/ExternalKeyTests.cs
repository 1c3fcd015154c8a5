using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Tests.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>Logs whose private key only a program has: the folder has the public key.</summary>
public sealed class ExternalKeyTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly TestSigner _program = new(),
        _other = new();

    public ExternalKeyTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string PublicKeyFile => Path.Combine(_folder.LogPath, "public-key.pem");

    [Fact]
    public async Task A_program_signs_for_the_log_and_no_private_key_is_in_the_folder()
    {
        for (int start = 0; start < 2; start++)
        {
            await using ReceiptStore store = Open(_program);
            Assert.Equal((_program.Key.PublicKey.KeyId, start == 0), (store.LogKey.Key.KeyId, store.IsNew));
            foreach (NewReceipt receipt in await _folder.AppendAsync(store, 20))
            {
                StoredReceipt found = (await store.FindAsync(receipt.ReceiptId, Cancellation)).Receipt!;
                (await store.ProveAsync(found, Cancellation)).Verify(receipt.Leaf, store.LogKey);
            }
        }
        Assert.Equal(
            ["checkpoint", "public-key.pem", "receipts.db"],
            Directory.GetFiles(_folder.LogPath).Select(Path.GetFileName).Order()
        );
        Assert.Equal(_program.Key.PublicKey.ToPem() + "\n", await File.ReadAllTextAsync(PublicKeyFile, Cancellation));
        // Without the program.
        await _folder.CheckAsync();
        foreach (int pid in _program.Started)
            await TestSigner.GoneAsync(pid);
    }

    [Fact]
    public async Task While_the_program_signs_nothing_no_receipt_is_stored_and_the_store_recovers_by_itself()
    {
        await using ReceiptStore store = Open(_program);
        await _folder.AppendAsync(store, 1);
        string before = store.Checkpoint;
        _program.Behaviour = "wrong";
        NewReceipt refused = _folder.Issue();
        Assert.Null(await store.AppendAsync(refused, Cancellation));
        string problem = $"{_program.Name} has given a signature that is not by its key";
        Assert.Equal(new StoreState(false, problem), store.State);
        Assert.Equal(before, store.Checkpoint);
        _program.Behaviour = "";
        await Limits.UntilAsync(() => store.State == new StoreState(true, null), () => $"{store.Problem}");
        await _folder.AppendAsync(store, 1);
        Assert.False((await store.FindAsync(refused.ReceiptId, Cancellation)).IsKnown);
        Assert.Equal([$"Storing receipts: failing: {problem}"], _folder.Warnings);
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task A_log_goes_on_with_its_own_key_alone()
    {
        await Open(_program).DisposeAsync();
        string key = $"{_program.Key.PublicKey.KeyId}",
            log = _folder.LogPath;
        Assert.Equal(
            $"--signer-command: the key {key} of the log in {log} is in no file. Give the command that signs with it.",
            _folder.Refusal()
        );
        Assert.Equal(
            $"--signer-command: the command has the key {_other.Key.PublicKey.KeyId}, and the log in {log} the key "
                + $"{key}. Give the command of that key, or end the log and begin the next: receipts rotate "
                + "--current-signer-command OLD --signer-command NEW.",
            Refusal(_other)
        );
        _other.Behaviour = "key:error";
        Assert.Equal(
            $"--signer-command: {_other.Name} says: the card is \\u001b[31mlocked. Run the command by itself and give it "
                + "the line 'public-key': it answers with one line, as docs/operations.md says.",
            Refusal(_other)
        );

        using var file = new StoreFolder();
        await file.FillAsync(1);
        Assert.Equal(
            $"--signer-command: the log in {file.LogPath} has its key in {file.KeyFile}. Leave the setting out, or end "
                + "the log and begin the next with the command's key: receipts rotate --signer-command COMMAND.",
            Refusal(_program, file)
        );
        File.Copy(PublicKeyFile, Path.Combine(file.LogPath, "public-key.pem"));
        Assert.Contains("a log has one key, and ", file.Refusal(), StringComparison.Ordinal);
    }

    /// <summary>A program can't show that its key had a log here; the file of the public key does.</summary>
    [Fact]
    public async Task A_key_whose_log_is_lost_begins_no_second_one()
    {
        await Open(_program).DisposeAsync();
        string database = await SavedAsync(_folder.Database),
            key = await SavedAsync(PublicKeyFile);
        File.Delete(_folder.Database);
        Assert.Contains(
            "there is its key, but the database is empty or missing",
            Refusal(_program),
            StringComparison.Ordinal
        );
        File.Delete(_folder.CheckpointFile);
        Assert.Contains(
            "there is its key, but the database is empty or missing",
            Refusal(_program),
            StringComparison.Ordinal
        );
        File.Move(database, _folder.Database);
        File.Delete(PublicKeyFile);
        Assert.Contains("has lost its key. Restore ", Refusal(_program), StringComparison.Ordinal);
        await File.WriteAllTextAsync(PublicKeyFile, _other.Key.PublicKey.ToPem(), Cancellation);
        Assert.Contains("is not this log's", Refusal(_other), StringComparison.Ordinal);
        Assert.Contains(
            $"the key {PublicKeyFile} is not the one of the log",
            (await Assert.ThrowsAsync<InvalidDataException>(_folder.CheckAsync)).Message,
            StringComparison.Ordinal
        );
        File.Move(key, PublicKeyFile, overwrite: true);
        await Open(_program).DisposeAsync();
        await _folder.CheckAsync();
    }

    /// <summary>A crash may come before the log has begun, or before its key has its name.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_whose_beginning_was_interrupted_begins_once(bool hasBegun)
    {
        NoteKey? begun = null;
        if (hasBegun)
        {
            await using ReceiptStore store = Open(_program);
            begun = store.LogKey;
        }
        else
            Directory.CreateDirectory(_folder.LogPath);
        File.Delete(PublicKeyFile);
        await File.WriteAllTextAsync(PublicKeyFile + ".new", _program.Key.PublicKey.ToPem() + "\n", Cancellation);
        // Another key may begin it only if this one has signed nothing.
        if (hasBegun)
        {
            Assert.Contains("Give the command of that key", Refusal(_other), StringComparison.Ordinal);
            File.Move(PublicKeyFile, PublicKeyFile + ".new");
        }
        await using (ReceiptStore store = Open(_program))
        {
            Assert.Equal((begun ?? store.LogKey).ToString(), store.LogKey.ToString());
            await _folder.AppendAsync(store, 1);
        }
        Assert.False(File.Exists(PublicKeyFile + ".new"));
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task A_key_that_has_signed_nothing_gives_way_to_another()
    {
        Directory.CreateDirectory(_folder.LogPath);
        using SigningKey unused = SigningKey.Create();
        AtomicFile.Create(_folder.NewKeyFile, SigningKeyFile.Content(unused));
        await File.WriteAllTextAsync(PublicKeyFile + ".new", _other.Key.PublicKey.ToPem() + "\n", Cancellation);
        await using ReceiptStore store = Open(_program);
        Assert.Equal(_program.Key.PublicKey.KeyId, store.LogKey.Key.KeyId);
        Assert.False(File.Exists(_folder.NewKeyFile));
    }

    /// <summary>From a file into a device, to another device, and back.</summary>
    [Fact]
    public async Task A_rotation_moves_the_key_into_a_program_and_back()
    {
        await _folder.FillAsync(3);
        Rotate(next: _program);
        await using (ReceiptStore store = Open(_program))
            await _folder.AppendAsync(store, 3);
        Assert.Contains("which is already the one of the log in ", Refused(next: _program), StringComparison.Ordinal);
        Assert.Contains("--current-signer-command", Refused(next: _other), StringComparison.Ordinal);
        Assert.Contains("--current-signer-command", Refused(), StringComparison.Ordinal);
        Rotate(next: _other, present: _program, revokes: true);
        await using (ReceiptStore store = Open(_other))
            await _folder.AppendAsync(store, 3);
        Assert.Contains("which is already the one of the log in ", Refused(_program, _other), StringComparison.Ordinal);
        Rotate(present: _other);
        await using (ReceiptStore store = _folder.Open())
        {
            await _folder.AppendAsync(store, 3);
            Assert.Equal(
                [_program.Key.PublicKey.KeyId, _other.Key.PublicKey.KeyId],
                store.ClosedLogs.Skip(1).Select(log => log.State.Key.Key.KeyId)
            );
            Assert.True(
                LogRevocation.Verify(store.ClosedLogs[1].Revocation!).Covers(store.ClosedLogs[1].State.Checkpoint)
            );
        }
        await _folder.CheckAsync();
        Assert.Equal(4, Directory.GetDirectories(_folder.Path).Length);
    }

    /// <summary>
    /// Steps that were lost are taken again; a program is needed only for those that sign, and the message names it.
    /// </summary>
    [Theory]
    [InlineData("renamed folder", false, false)]
    [InlineData("renamed key", false, false)]
    [InlineData("begun log", false, true)]
    [InlineData("revocation", true, true)]
    public async Task An_interrupted_rotation_is_finished_with_the_programs_that_have_to_sign(
        string lost,
        bool needsOld,
        bool needsNew
    )
    {
        await Open(_program).DisposeAsync();
        Rotate(next: _other, present: _program, revokes: true);
        string prepared = _folder.In("log-2.new"),
            markerFile = Path.Combine(prepared, "public-key.pem"),
            revocation = await File.ReadAllTextAsync(_folder.In("log-1/revocation"), Cancellation);
        Directory.Move(_folder.In("log-2"), prepared);
        string[] steps = ["renamed folder", "renamed key", "begun log", "revocation"];
        int last = Array.IndexOf(steps, lost);
        if (last >= 1)
            File.Move(markerFile, markerFile + ".new");
        if (last >= 2)
        {
            File.Delete(Path.Combine(prepared, "receipts.db"));
            File.Delete(Path.Combine(prepared, "checkpoint"));
        }
        if (last >= 3)
            File.Delete(_folder.In("log-1/revocation"));
        if (needsNew)
        {
            string why = Assert.Throws<ReceiptStoreException>(() => Finish()).Message;
            Assert.Contains("--signer-command: a signature is needed by the key ", why, StringComparison.Ordinal);
        }
        if (needsOld)
        {
            string why = Assert.Throws<ReceiptStoreException>(() => Finish(next: _other)).Message;
            Assert.Contains($"{_program.Key.PublicKey.KeyId} of {PublicKeyFile}", why, StringComparison.Ordinal);
        }
        Finish(needsNew ? _other : null, needsOld ? _program : null);
        Assert.Equal(revocation, await File.ReadAllTextAsync(_folder.In("log-1/revocation"), Cancellation));
        await using (ReceiptStore store = Open(_other))
            await _folder.AppendAsync(store, 1);
        await _folder.CheckAsync();
    }

    public void Dispose()
    {
        _folder.Dispose();
        _program.Dispose();
        _other.Dispose();
    }

    private ReceiptStore Open(TestSigner program, StoreFolder? folder = null) =>
        (folder ?? _folder).Open(settings =>
            settings with
            {
                SignerCommand = program.Command,
                SignerLimits = new SignerLimits { Answer = Limits.Overall, FirstPause = TimeSpan.Zero },
                CommitLimit = Limits.Overall,
            }
        );

    private string Refusal(TestSigner program, StoreFolder? folder = null) =>
        Assert.Throws<ReceiptStoreException>(() => Open(program, folder)).Message;

    private async Task<string> SavedAsync(string file)
    {
        string saved = _folder.Beside(Path.GetFileName(file));
        await File.WriteAllBytesAsync(saved, await File.ReadAllBytesAsync(file, Cancellation), Cancellation);
        return saved;
    }

    private string Refused(TestSigner? next = null, TestSigner? present = null) =>
        Assert.Throws<ReceiptStoreException>(() => Rotate(next, present)).Message;

    private void Rotate(TestSigner? next = null, TestSigner? present = null, bool revokes = false) =>
        With(next, present, (folder, signers) => LogRotation.Run(folder, signers, name: null, revokes));

    private void Finish(TestSigner? next = null, TestSigner? present = null) => With(next, present, LogRotation.Finish);

    private void With(TestSigner? next, TestSigner? present, Action<ReceiptDirectory, LogSigners> act)
    {
        using CommandSigner? one = next?.Start(),
            two = present?.Start();
        using ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder);
        act(directory, new LogSigners(one, two));
    }
}
