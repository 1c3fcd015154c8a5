using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;
using DeterministicInference.Server.Tests.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Witnesses;

public sealed class CheckpointWitnessesTests : IAsyncLifetime
{
    private readonly StoreFolder _folder = new();
    private ScriptedWitness _one = null!,
        _two = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string CosignedFile => Path.Combine(_folder.LogPath, "checkpoint.cosigned");

    private string Both => _one.Line("one") + _two.Line("two") + "group both all one two\nquorum both\n";

    private string Any => _one.Line("one") + _two.Line("two") + "group any any one two\nquorum any\n";

    public async ValueTask InitializeAsync()
    {
        _one = await ScriptedWitness.StartAsync("w1");
        _two = await ScriptedWitness.StartAsync("w2");
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Receipts_that_wait_get_a_proof_under_a_checkpoint_with_the_quorum()
    {
        await using ReceiptStore store = _folder.Open();
        await using CheckpointWitnesses witnesses = await OpenAsync(store, Both);
        WitnessPolicy policy = Policy(Both);
        for (int round = 0; round < 4; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => SealAsync(store, witnesses, policy))).Within();
        }
        Assert.Equal(161, witnesses.Current!.Checkpoint.Size);
        // Receipts that wait share checkpoints.
        Assert.InRange(_one.Requests.Count, 2, 120);
        Assert.All(witnesses.State.Witnesses, witness => Assert.Equal((161, false), (witness.Size, witness.IsBehind)));
        Assert.Empty(_folder.Warnings);
    }

    /// <summary>One slow witness must not hold up the others where a quorum needs only one of them.</summary>
    [Fact]
    public async Task A_witness_that_is_not_needed_delays_nothing_and_catches_up()
    {
        await using ReceiptStore store = _folder.Open();
        _two.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CheckpointWitnesses witnesses = await OpenAsync(store, Any);
        for (int i = 0; i < 5; i++)
            await SealAsync(store, witnesses, Policy(Any));
        Assert.Equal(6, witnesses.Current!.Checkpoint.Size);
        WitnessState behind = Assert.Single(witnesses.State.Witnesses, witness => witness.IsBehind);
        Assert.Equal(("two", 0), (behind.Name, behind.Size));
        _two.Open.SetResult();
        await Limits.UntilAsync(
            () => witnesses.Current!.Note.Signatures.Count == 3 && !witnesses.State.Witnesses.Any(one => one.IsBehind),
            () => $"{witnesses.State}\n{witnesses.Current!.Text}"
        );
        Assert.Equal(2, Policy(Any).Evaluate(witnesses.Current!.Note).Cosignatures.Count);
    }

    [Fact]
    public async Task What_had_a_quorum_is_shown_again_after_a_restart_and_the_witness_asked_from_there_on()
    {
        string shown;
        await using (ReceiptStore store = _folder.Open())
        await using (CheckpointWitnesses witnesses = await OpenAsync(store, Both))
        {
            await SealAsync(store, witnesses, Policy(Both));
            shown = witnesses.Current!.Text;
            Assert.Equal(shown, await File.ReadAllTextAsync(CosignedFile, Cancellation));
        }
        // Grown without witnesses.
        await _folder.FillAsync(3);
        _one.Open = _two.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int before = _one.Requests.Count;
        await using ReceiptStore again = _folder.Open();
        await using CheckpointWitnesses resumed = await OpenAsync(again, Both);
        Assert.Equal(shown, resumed.Current!.Text);
        _one.Open.SetResult();
        await Limits.UntilAsync(() => resumed.Current.Checkpoint.Size == 5, () => $"{resumed.State}");
        // No conflict was needed.
        Assert.Equal([2L], _one.Requests.Skip(before).Select(request => request.OldSize));
    }

    [Fact]
    public async Task A_policy_without_a_quorum_shows_each_checkpoint()
    {
        await using ReceiptStore store = _folder.Open();
        await using CheckpointWitnesses witnesses = await OpenAsync(store, "quorum none\n");
        await SealAsync(store, witnesses, Policy("quorum none\n"));
        Assert.Equal(2, witnesses.Current!.Checkpoint.Size);
    }

    /// <summary>Each answer that is no cosignature by the policy's key, with what is said of it.</summary>
    [Theory]
    [InlineData("garbage", "answers with what is no cosignature")]
    [InlineData("empty", "answers with what is no cosignature")]
    [InlineData("other key", "answers without a cosignature of the policy's key w1+")]
    [InlineData("other checkpoint", "answers with what is no cosignature: A cosignature of 'w1' is not by its key")]
    [InlineData("error", "answers 500: broken")]
    [InlineData("redirect", "answers 302")]
    [InlineData("not found", "answers 404")]
    [InlineData("conflict without size", "answers 409 without the size that it has cosigned")]
    [InlineData("conflict of another type", "answers 409 without the size that it has cosigned")]
    [InlineData("conflict for ever", "answers 409: 0")]
    [InlineData("ahead", "has cosigned 900 entries, and this log has ")]
    [InlineData("many", "answers with 64 cosignatures of one key")]
    [InlineData("large", "answers with more than 256 KiB")]
    [InlineData("silent", "did not answer within 0.5 s (--witness-timeout)")]
    public async Task A_witness_is_believed_only_what_its_key_has_signed(string how, string problem)
    {
        using SigningKey other = SigningKey.Create();
        SignedNote otherNote = new Checkpoint("log.example/other", 1, MerkleHash.Empty).Sign(other);
        if (how == "silent")
            _one.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _one.Answer = request =>
            how switch
            {
                "garbage" => (200, "text/plain", "<html>\n"),
                "empty" => (200, "text/plain", ""),
                "other key" => (200, "text/plain", $"{new Cosigner("w1", other).Sign(request.Note, 5)}\n"),
                "other checkpoint" => (200, "text/plain", $"{_one.Cosigner.Sign(otherNote, 5)}\n"),
                "error" => (500, "text/plain", "broken\n"),
                "redirect" => (302, "text/plain", ""),
                "not found" => (404, "text/plain", ""),
                "conflict without size" => (409, "text/x.tlog.size", "many\n"),
                "conflict of another type" => (409, "text/plain", "3\n"),
                "conflict for ever" => (409, "text/x.tlog.size", "0\n"),
                "ahead" => (409, "text/x.tlog.size", "900\n"),
                "many" => (
                    200,
                    "text/plain",
                    string.Concat(Enumerable.Range(1, 64).Select(i => $"{_one.Cosigner.Sign(request.Note, i)}\n"))
                ),
                "large" => (200, "text/plain", new string('x', 300_000)),
                _ => null,
            };
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        await using CheckpointWitnesses witnesses = await OpenAsync(
            store,
            _one.Line("one") + "quorum one\n",
            TimeSpan.FromSeconds(0.5)
        );
        NewReceipt receipt = _folder.Issue();
        TlogProof proof = (await store.AppendAsync(receipt, Cancellation))!;
        witnesses.Announce();
        Assert.Null(await witnesses.ProveAsync(proof, receipt.Leaf, Cancellation));
        await Limits.UntilAsync(() => witnesses.State.Witnesses[0].Problem is not null, () => $"{witnesses.State}");
        WitnessesState state = witnesses.State;
        Assert.Null(witnesses.Current);
        Assert.False(state.CanWitness);
        Assert.StartsWith(problem, state.Witnesses[0].Problem, StringComparison.Ordinal);
        Assert.False(File.Exists(CosignedFile));
        // It recovers by itself.
        _one.Answer = _ => null;
        _one.Open.TrySetResult();
        await Limits.UntilAsync(
            () => witnesses.State is { CanWitness: true, Size: 3 },
            () => $"{witnesses.State}: {witnesses.State.Witnesses[0]}"
        );
    }

    /// <summary>Anyone may send a witness a newer checkpoint: it will not cosign an older one.</summary>
    [Fact]
    public async Task A_checkpoint_that_was_overtaken_gives_way_to_the_newest()
    {
        await using ReceiptStore store = _folder.Open();
        await _folder.AppendAsync(store, 1);
        _one.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CheckpointWitnesses witnesses = await OpenAsync(
            store,
            _one.Line("one") + "quorum one\n",
            TimeSpan.FromSeconds(30)
        );
        await Limits.UntilAsync(() => _one.Requests.Count == 1, () => "nothing was asked");
        Assert.Equal(2, _one.Requests[0].Checkpoint.Size);
        NewReceipt receipt = _folder.Issue();
        TlogProof proof = (await store.AppendAsync(receipt, Cancellation))!;
        _one.Take(Checkpoint.Verify(store.Checkpoint, store.LogKey));
        _one.Open.SetResult();
        Assert.NotNull(await witnesses.ProveAsync(proof, receipt.Leaf, Cancellation).Within());
        Assert.Equal(3, witnesses.Current!.Checkpoint.Size);
    }

    /// <summary>What a witness says without signing it must not undo what another signs.</summary>
    [Fact]
    public async Task A_witness_that_says_it_was_overtaken_delays_nothing_that_another_completes()
    {
        await using ReceiptStore store = _folder.Open();
        _two.Answer = request => (409, "text/x.tlog.size", $"{request.Checkpoint.Size + 1}\n");
        _one.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CheckpointWitnesses witnesses = await OpenAsync(store, Any);
        await Limits.UntilAsync(() => _one.Requests.Count == 1, () => "nothing was asked");
        NewReceipt first = _folder.Issue();
        TlogProof proof = (await store.AppendAsync(first, Cancellation))!;
        witnesses.Announce();
        // One entry is there that the witness may have seen in a newer checkpoint.
        await Limits.UntilAsync(() => witnesses.State.Witnesses[1].Problem is not null, () => $"{witnesses.State}");
        _one.Open.SetResult();
        Assert.NotNull(await witnesses.ProveAsync(proof, first.Leaf, Cancellation).Within());
        for (int i = 0; i < 20; i++)
            await SealAsync(store, witnesses, Policy(Any));
        Assert.Equal(22, witnesses.Current!.Checkpoint.Size);
        // Whatever its numbers, each is told once: that it is ahead of the log, and of a checkpoint.
        string[] kinds = [.. _folder.Warnings.Select(line => string.Concat(line.Where(c => !char.IsAsciiDigit(c))))];
        Assert.NotEmpty(kinds);
        Assert.Equal(kinds.Distinct(), kinds);
    }

    /// <summary>Two of three meet on one checkpoint only if the third can't have them ask for others.</summary>
    [Fact]
    public async Task A_witness_that_says_it_was_overtaken_does_not_part_the_others()
    {
        await using ScriptedWitness liar = await ScriptedWitness.StartAsync("w3");
        liar.Answer = request => (409, "text/x.tlog.size", $"{request.Checkpoint.Size + 1}\n");
        string policy =
            _one.Line("one") + _two.Line("two") + liar.Line("three") + "group most 2 one two three\nquorum most\n";
        _two.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ReceiptStore store = _folder.Open();
        await using CheckpointWitnesses witnesses = await OpenAsync(store, policy);
        // The first round has begun, with one entry.
        await Limits.UntilAsync(
            () => _one.Requests.Count == 1 && _two.Requests.Count == 1 && liar.Requests.Count == 1,
            () => $"{witnesses.State}"
        );
        for (int i = 0; i < 20; i++)
        {
            await _folder.AppendAsync(store, 1);
            witnesses.Announce();
            await Limits.UntilAsync(
                () => witnesses.State.Witnesses is [{ Size: > 0 }, _, { Problem: not null }],
                () => $"{witnesses.State}"
            );
        }
        Assert.Equal([1L], _one.Requests.Select(request => request.Checkpoint.Size));
        _two.Open.SetResult();
        await Limits.UntilAsync(() => witnesses.Current?.Checkpoint.Size == 21, () => $"{witnesses.State}");
        Assert.Equal(
            _one.Requests.Select(request => request.Checkpoint.Size),
            _two.Requests.Select(request => request.Checkpoint.Size)
        );
    }

    /// <summary>Who can't complete a round keeps no other waiting for one that was overtaken.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(" http://127.0.0.1:1/")]
    public async Task A_round_that_nobody_can_complete_any_more_gives_way(string addressOfThird)
    {
        using SigningKey third = SigningKey.Create();
        string policy =
            _one.Line("one")
            + _two.Line("two")
            + $"witness three {new Cosigner("w3", third).Key}{addressOfThird}\ngroup most 2 one two three\nquorum most\n";
        _two.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ReceiptStore store = _folder.Open();
        await using CheckpointWitnesses witnesses = await OpenAsync(store, policy);
        await Limits.UntilAsync(() => _one.Requests.Count == 1 && _two.Requests.Count == 1, () => $"{witnesses.State}");
        NewReceipt receipt = _folder.Issue();
        TlogProof proof = (await store.AppendAsync(receipt, Cancellation))!;
        // Another sends it the newest one first.
        _two.Take(Checkpoint.Verify(store.Checkpoint, store.LogKey));
        witnesses.Announce();
        _two.Open.SetResult();
        Assert.NotNull(await witnesses.ProveAsync(proof, receipt.Leaf, Cancellation).Within());
        Assert.Equal([1L, 2L], _one.Requests.Select(request => request.Checkpoint.Size));
        Assert.Equal(2, witnesses.Current!.Checkpoint.Size);
    }

    /// <summary>After a restart the stored cosignatures count on.</summary>
    [Fact]
    public async Task A_worthless_cosignature_does_not_replace_a_good_one()
    {
        string policy = _one.Line("one") + "quorum one\n";
        await using ReceiptStore store = _folder.Open();
        await using (CheckpointWitnesses witnesses = await OpenAsync(store, policy))
            await SealAsync(store, witnesses, Policy(policy));
        _one.Answer = request => (200, "text/plain", $"{_one.SignWithoutTime(request.Note)}\n");
        await using CheckpointWitnesses resumed = await OpenAsync(store, policy);
        await Limits.UntilAsync(
            () => resumed.State.Witnesses[0].Problem == "answers with a cosignature that states no time",
            () => $"{resumed.State.Witnesses[0]}"
        );
        _one.Answer = _ => null;
        await SealAsync(store, resumed, Policy(policy));
        Assert.Equal(3, resumed.Current!.Checkpoint.Size);
    }

    /// <summary>A folder that takes the place of the log's has a log of its own.</summary>
    [Fact]
    public async Task Nothing_is_written_into_a_folder_that_took_the_place()
    {
        _one.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string policy = _one.Line("one") + "quorum one\n";
        await using ReceiptStore store = _folder.Open();
        await using CheckpointWitnesses witnesses = await OpenAsync(store, policy);
        await Limits.UntilAsync(() => _one.Requests.Count == 1, () => "nothing was asked");
        Directory.Move(_folder.Path, _folder.Beside("moved"));
        await _folder.FillAsync(1);
        _one.Open.SetResult();
        await Limits.UntilAsync(() => witnesses.State.Problem is not null, () => $"{witnesses.State}");
        Assert.Equal("the folder was deleted or replaced; restart the server", witnesses.State.Problem);
        Assert.False(File.Exists(CosignedFile));
        await _folder.CheckAsync();
    }

    [Fact]
    public async Task A_log_that_was_set_back_behind_its_quorum_is_refused()
    {
        await _folder.FillAsync(2);
        string older = _folder.Beside("older");
        _folder.CopyTo(older);
        await using (ReceiptStore store = _folder.Open())
        await using (CheckpointWitnesses witnesses = await OpenAsync(store, Both))
            await SealAsync(store, witnesses, Policy(Both));
        foreach (string file in Directory.GetFiles(Path.Combine(older, "log-1")))
            File.Copy(file, Path.Combine(_folder.LogPath, Path.GetFileName(file)), overwrite: true);
        await using ReceiptStore back = _folder.Open();
        Assert.StartsWith(
            $"--data-dir: {CosignedFile} covers 4 entries, which witnesses have cosigned, and the log has 3: the log "
                + "was set back.",
            (await Assert.ThrowsAsync<ReceiptStoreException>(() => OpenAsync(back, Both))).Message,
            StringComparison.Ordinal
        );
        // Grown again, it has another history.
        await _folder.AppendAsync(back, 2);
        Assert.StartsWith(
            $"--data-dir: {CosignedFile} and the log differ in their first 4 entries.",
            (await Assert.ThrowsAsync<ReceiptStoreException>(() => OpenAsync(back, Both))).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>
    /// The line that ends a log is cosigned after the next start. Its receipts keep the quorum that they had till then,
    /// unless its key was revoked, as only its last checkpoint counts then.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receipts_of_a_log_that_has_ended_keep_their_quorum(bool revokes)
    {
        NewReceipt receipt = _folder.Issue();
        NoteKey ended;
        await using (ReceiptStore store = _folder.Open())
        await using (CheckpointWitnesses witnesses = await OpenAsync(store, Both))
        {
            ended = store.LogKey;
            TlogProof first = (await store.AppendAsync(receipt, Cancellation))!;
            witnesses.Announce();
            Assert.NotNull(await witnesses.ProveAsync(first, receipt.Leaf, Cancellation).Within());
        }
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes);
        _two.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ReceiptStore next = _folder.Open();
        await using (CheckpointWitnesses continued = await OpenAsync(next, Both))
        {
            StoredReceipt stored = (await next.FindAsync(receipt.ReceiptId, Cancellation)).Receipt!;
            Assert.Equal(revokes ? null : 2, await CoveredAsync(continued, stored));
            Assert.Null(continued.LastOf(ended));
            Assert.Equal(
                revokes
                    ? $"no receipt of the log {ended.Name} is witnessed: its key was revoked, and its last checkpoint has "
                        + "no quorum yet"
                    : null,
                continued.State.Problem
            );
            _two.Open.SetResult();
            await Limits.UntilAsync(() => continued.LastOf(ended) is not null, () => $"{continued.State}");
            Assert.Equal(3, await CoveredAsync(continued, stored));
            Assert.Null(continued.State.Problem);
            // The next log is witnessed like the first.
            await SealAsync(next, continued, Policy(Both));
            Assert.NotEqual(ended.Name, continued.Current!.Checkpoint.Origin);
        }
        // Once it has a quorum nobody is asked again.
        int before = _one.Requests.Count;
        await using CheckpointWitnesses again = await OpenAsync(next, Both);
        Assert.NotNull(again.LastOf(ended));
        await SealAsync(next, again, Policy(Both));
        Assert.DoesNotContain(ended.Name, _one.Requests.Skip(before).Select(request => request.Checkpoint.Origin));

        async Task<long?> CoveredAsync(CheckpointWitnesses witnesses, StoredReceipt stored)
        {
            if (witnesses.Covering(stored) is not { } cosigned)
                return null;
            TlogProof proof = await next.ProveAsync(stored, cosigned.Text, Cancellation);
            Checkpoint checkpoint = proof.Verify(receipt.Leaf, ended);
            Assert.True(Policy(Both).Evaluate(SignedNote.Parse(proof.Checkpoint)).HasQuorum);
            return checkpoint.Size;
        }
    }

    [Fact]
    public async Task A_cosigned_checkpoint_of_a_log_that_has_ended_is_stored_once_it_can_be()
    {
        await _folder.FillAsync(1);
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes: false);
        _one.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ReceiptStore store = _folder.Open();
        NoteKey ended = store.ClosedLogs[0].State.Key;
        await using CheckpointWitnesses witnesses = await OpenAsync(store, Both);
        Directory.CreateDirectory(CosignedFile);
        _one.Open.SetResult();
        await Limits.UntilAsync(() => witnesses.State.Problem is not null, () => $"{witnesses.State}");
        Assert.Equal($"the log {ended.Name}: the file {CosignedFile} can't be written", witnesses.State.Problem);
        Assert.Null(witnesses.LastOf(ended));
        Directory.Delete(CosignedFile);
        await Limits.UntilAsync(() => witnesses.LastOf(ended) is not null, () => $"{witnesses.State}");
        Assert.Null(witnesses.State.Problem);
        Assert.True(File.Exists(CosignedFile));
    }

    [Fact]
    public async Task That_no_witness_is_asked_about_a_revoked_log_is_told()
    {
        NoteKey ended;
        await using (ReceiptStore store = _folder.Open())
        await using (CheckpointWitnesses witnesses = await OpenAsync(store, Both))
        {
            ended = store.LogKey;
            await SealAsync(store, witnesses, Policy(Both));
        }
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes: true);
        await using ReceiptStore next = _folder.Open();
        await using CheckpointWitnesses continued = await OpenAsync(next, $"log {next.LogKey}\n{Both}");
        Assert.Equal(
            $"no receipt of the log {ended.Name} is witnessed: its key was revoked, and its last checkpoint is sent to no "
                + $"witness, as the policy lists logs, and not this one: add 'log {ended}' to it",
            continued.State.Problem
        );
    }

    /// <summary>Nobody waits for the last checkpoint of a log that a witness does not know.</summary>
    [Fact]
    public async Task A_log_that_has_ended_and_that_a_witness_refuses_disturbs_nothing()
    {
        await _folder.FillAsync(1);
        using (ReceiptDirectory directory = ReceiptDirectory.Open(_folder.Path, _folder))
            LogRotation.Run(directory, LogSigners.None, name: null, revokes: false);
        await using ReceiptStore store = _folder.Open();
        NoteKey ended = store.ClosedLogs[0].State.Key;
        _one.Answer = request => request.Checkpoint.Origin == ended.Name ? (404, "text/plain", "") : null;
        await using CheckpointWitnesses witnesses = await OpenAsync(store, Both);
        await SealAsync(store, witnesses, Policy(Both));
        await Limits.UntilAsync(() => _folder.Warnings.Count > 0, () => "nothing was told");
        Assert.Equal(
            $"The witness one does not cosign the log {ended.Name}: it answers 404 (from 0 to 3 entries)",
            Assert.Single(_folder.Warnings)
        );
        Assert.Null(witnesses.LastOf(ended));
        Assert.All(witnesses.State.Witnesses, one => Assert.Null(one.Problem));
        Assert.True(witnesses.State.CanWitness);
    }

    [Fact]
    public async Task A_cosigned_checkpoint_that_is_damaged_or_of_another_log_is_refused()
    {
        await _folder.FillAsync(1);
        await using ReceiptStore store = _folder.Open();
        using SigningKey other = SigningKey.Create();
        foreach (
            string text in new[]
            {
                "",
                "x",
                new Checkpoint(store.LogKey.Name, 1, MerkleHash.Empty).Sign(other).ToString(),
            }
        )
        {
            await File.WriteAllTextAsync(CosignedFile, text, Cancellation);
            Assert.StartsWith(
                $"--data-dir: {CosignedFile} is damaged: ",
                (await Assert.ThrowsAsync<ReceiptStoreException>(() => OpenAsync(store, Both))).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task A_policy_of_other_logs_is_refused()
    {
        await using ReceiptStore store = _folder.Open();
        using SigningKey other = SigningKey.Create();
        string line = $"log {new NoteKey("log.example/other", other.PublicKey)}\n";
        Assert.Equal(
            $"--witness-policy: the policy lists logs, and not this one. Add 'log {store.LogKey}' to it, or leave its "
                + "log lines out.",
            (await Assert.ThrowsAsync<ReceiptStoreException>(() => OpenAsync(store, line + Both))).Message
        );
        await using CheckpointWitnesses accepted = await OpenAsync(store, $"{line}log {store.LogKey}\n{Both}");
        Assert.NotNull(accepted);
    }

    /// <summary>Another policy may not be met by what the old one was.</summary>
    [Fact]
    public async Task A_stored_checkpoint_that_the_policy_does_not_meet_is_not_shown()
    {
        await using (ReceiptStore store = _folder.Open())
        await using (CheckpointWitnesses witnesses = await OpenAsync(store, _one.Line("one") + "quorum one\n"))
            await SealAsync(store, witnesses, Policy(_one.Line("one") + "quorum one\n"));
        _two.Open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ReceiptStore again = _folder.Open();
        await using CheckpointWitnesses changed = await OpenAsync(again, Both);
        Assert.Null(changed.Current);
        _two.Open.SetResult();
        await Limits.UntilAsync(() => changed.Current is not null, () => $"{changed.State}");
    }

    private static WitnessPolicy Policy(string text) => WitnessPolicy.Parse(Encoding.UTF8.GetBytes(text));

    private Task<CheckpointWitnesses> OpenAsync(ReceiptStore store, string policy, TimeSpan? timeout = null) =>
        CheckpointWitnesses.OpenAsync(
            store,
            new WitnessSettings(Policy(policy))
            {
                Waits = true,
                Timeout = timeout ?? Limits.Overall,
                RetryDelay = TimeSpan.FromMilliseconds(20),
                RetryDelayMax = TimeSpan.FromMilliseconds(50),
            },
            TimeProvider.System,
            _folder
        );

    /// <summary>Stores a receipt and waits for the quorum, which is verified as a client does.</summary>
    private async Task SealAsync(ReceiptStore store, CheckpointWitnesses witnesses, WitnessPolicy policy)
    {
        NewReceipt receipt = _folder.Issue();
        TlogProof proof = (await store.AppendAsync(receipt, Cancellation))!;
        witnesses.Announce();
        TlogProof witnessed = (await witnesses.ProveAsync(proof, receipt.Leaf, Cancellation).Within())!;
        TlogProof read = TlogProof.Parse(witnessed.ToString());
        read.Verify(receipt.Leaf, store.LogKey);
        Assert.True(policy.Evaluate(SignedNote.Parse(read.Checkpoint)).HasQuorum);
        Assert.Equal(proof.Index, read.Index);
    }
}
