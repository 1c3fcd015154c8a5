using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Store;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

public sealed class ReceiptDirectoryTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public async Task A_second_server_is_refused_with_the_remedy_until_the_first_has_ended()
    {
        await using (ReceiptStore first = _folder.Open())
        {
            Assert.Equal(
                $"--data-dir: {_folder.Path} is in use by another server. Each server needs a log of its own: give "
                    + "another --data-dir, or --receipts off.",
                _folder.Refusal()
            );
            await _folder.AppendAsync(first, 1);
        }
        await using ReceiptStore second = _folder.Open();
        await _folder.AppendAsync(second, 1);
    }

    [Fact]
    public void A_folder_that_can_t_be_created_is_refused_with_the_remedy()
    {
        File.WriteAllText(_folder.Path, "a file");
        Assert.Matches(
            $"^--data-dir: {_folder.Path} can't be used: .* Give another --data-dir, or --receipts off to serve "
                + $"without receipts\\.$",
            _folder.Refusal()
        );
    }

    [Fact]
    public async Task A_folder_that_others_may_write_to_is_reported()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("skipped: file modes are of Unix");
        else
            Directory.CreateDirectory(_folder.Path, ReceiptDirectory.OwnerOnly | UnixFileMode.UserExecute);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                _folder.Path,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite
            );
        await using ReceiptStore store = _folder.Open();
        Assert.Equal(
            [$"The receipt folder {_folder.Path} is writable by other users, who can replace key and log (chmod 700)"],
            _folder.Warnings
        );
    }

    [Fact]
    public async Task A_key_that_others_may_read_is_refused()
    {
        await _folder.FillAsync(1);
        if (OperatingSystem.IsWindows())
            Assert.Skip("skipped: file modes are of Unix");
        else
            File.SetUnixFileMode(_folder.KeyFile, ReceiptDirectory.OwnerOnly | UnixFileMode.GroupRead);
        Assert.Equal(
            $"--data-dir: the key {_folder.KeyFile} can't be used: Others than its owner may use the key file "
                + $"'{_folder.KeyFile}'. If nobody has read it: chmod 600 '{_folder.KeyFile}'. Restore it from a copy, "
                + "or give another --data-dir, where a new log begins.",
            _folder.Refusal()
        );
    }

    [Fact]
    public async Task A_log_without_its_key_is_refused()
    {
        await _folder.FillAsync(1);
        File.Delete(_folder.KeyFile);
        Assert.Equal(
            $"--data-dir: the log in {_folder.LogPath} has lost its key. Restore {_folder.KeyFile}, or "
                + $"{_folder.LogPath}/public-key.pem where a --signer-command has the key, or start a new log in "
                + "another --data-dir.",
            _folder.Refusal()
        );
        await File.WriteAllTextAsync(_folder.KeyFile, "no key", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.KeyFile, ReceiptDirectory.OwnerOnly);
        Assert.StartsWith(
            $"--data-dir: the key {_folder.KeyFile} can't be used: The text is not an unencrypted PKCS#8 private key",
            _folder.Refusal(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_log_with_another_key_is_refused()
    {
        await _folder.FillAsync(1);
        File.Delete(_folder.KeyFile);
        using SigningKey other = SigningKey.Create();
        AtomicFile.Create(_folder.KeyFile, SigningKeyFile.Content(other));
        Assert.Contains(
            "the stored checkpoint is not this log's: The checkpoint is not signed by the key "
                + $"{other.PublicKey.KeyId}",
            _folder.Refusal(),
            StringComparison.Ordinal
        );
    }

    /// <summary>A second log of the same key and name would contradict the first.</summary>
    [Theory]
    [InlineData("deleted")]
    [InlineData("emptied")]
    public async Task A_key_without_its_log_is_refused(string how)
    {
        await _folder.FillAsync(3);
        foreach (string file in Directory.GetFiles(_folder.LogPath).Where(file => file != _folder.KeyFile))
            File.Delete(file);
        if (how == "emptied")
            await File.WriteAllBytesAsync(_folder.Database, [], TestContext.Current.CancellationToken);
        string[] before = Directory.GetFiles(_folder.LogPath);
        Assert.Equal(
            $"--data-dir: the log of receipts in {_folder.Path} can't be continued: there is its key, but the database "
                + "is empty or missing. Restore the folder as it was when the last receipt was "
                + "issued, or start a new log in another --data-dir; --receipts off serves without receipts.",
            _folder.Refusal()
        );
        Assert.Equal(before.Order(), Directory.GetFiles(_folder.LogPath).Order());
        Assert.All(before.Where(file => file == _folder.Database), file => Assert.Empty(File.ReadAllBytes(file)));
    }

    /// <summary>A crash at any step of the first start: the next one goes on.</summary>
    [Theory]
    [InlineData("key")]
    [InlineData("empty database")]
    [InlineData("log")]
    public async Task A_new_key_has_its_name_once_its_log_has_begun(string crashedAfter)
    {
        string id;
        await using (ReceiptStore first = _folder.Open())
            id = $"{first.LogKey.Key.KeyId}";
        File.Move(_folder.KeyFile, _folder.NewKeyFile);
        if (crashedAfter != "log")
        {
            foreach (string file in Directory.GetFiles(_folder.LogPath).Where(file => file != _folder.NewKeyFile))
                File.Delete(file);
        }
        if (crashedAfter == "empty database")
            await File.WriteAllBytesAsync(_folder.Database, [], TestContext.Current.CancellationToken);
        await using ReceiptStore store = _folder.Open();
        Assert.StartsWith(
            crashedAfter == "log" ? "Receipts go to the log " : "A new log of receipts begins: ",
            _folder.Notes.Last(),
            StringComparison.Ordinal
        );
        Assert.Equal(id, $"{store.LogKey.Key.KeyId}");
        await _folder.AppendAsync(store, 1);
        Assert.Equal((true, false), (File.Exists(_folder.KeyFile), File.Exists(_folder.NewKeyFile)));
    }

    /// <summary>The message names the file that is there, and nothing is left beside it.</summary>
    [Theory]
    [InlineData("garbage", "The text is not an unencrypted PKCS#8 private key")]
    [InlineData("folder", "The file '{0}' already exists")]
    public void A_new_key_that_can_not_be_used_is_named(string what, string problem)
    {
        Directory.CreateDirectory(_folder.LogPath);
        if (what == "folder")
            Directory.CreateDirectory(_folder.NewKeyFile);
        else
            File.WriteAllText(_folder.NewKeyFile, what);
        if (!OperatingSystem.IsWindows() && what != "folder")
            File.SetUnixFileMode(_folder.NewKeyFile, ReceiptDirectory.OwnerOnly);
        Assert.StartsWith(
            $"--data-dir: the key {_folder.NewKeyFile} can't be used: "
                + problem.Replace("{0}", _folder.NewKeyFile, StringComparison.Ordinal),
            _folder.Refusal(),
            StringComparison.Ordinal
        );
        Assert.Equal(["signing-key.pem.new"], Directory.GetFileSystemEntries(_folder.LogPath).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_log_is_named_at_the_start_and_a_new_one_is_called_so()
    {
        await _folder.FillAsync(2);
        await using ReceiptStore store = _folder.Open();
        string log = $"{store.LogKey.Name}, key {store.LogKey.Key.KeyId}";
        Assert.Equal(
            [
                $"A new log of receipts begins: {log}, in {_folder.LogPath}",
                $"Receipts go to the log {log}, 3 entries, in {_folder.LogPath}",
            ],
            _folder.Notes
        );
    }

    /// <summary>What is written to files that are no longer there is lost.</summary>
    [Theory]
    [InlineData("moved")]
    [InlineData("replaced")]
    [InlineData("emptied")]
    [InlineData("receipts.db deleted")]
    [InlineData("receipts.db-wal deleted")]
    [InlineData("lock deleted")]
    [InlineData("receipts.db replaced")]
    [InlineData("receipts.db-wal replaced")]
    public async Task No_receipt_is_issued_into_a_folder_that_is_gone(string how)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string away = _folder.Beside("away");
        await using (ReceiptStore store = _folder.Open())
        {
            await _folder.AppendAsync(store, 1);
            // The file of the checkpoint is written a moment later.
            await Limits.UntilAsync(
                () => File.ReadAllText(_folder.CheckpointFile) == store.Checkpoint,
                () => "the checkpoint is not published"
            );
            if (how == "emptied")
            {
                foreach (string file in Files())
                    File.Delete(file);
            }
            else if (how.Split(' ') is [var name, var change])
            {
                string file = Path.Combine(name == "lock" ? _folder.Path : _folder.LogPath, name);
                await File.WriteAllBytesAsync(away, new byte[4096], TestContext.Current.CancellationToken);
                File.Delete(file);
                if (change == "replaced")
                    File.Move(away, file);
            }
            else
                Directory.Move(_folder.Path, away);
            if (how == "replaced")
            {
                Directory.CreateDirectory(_folder.LogPath);
                foreach (string file in Directory.GetFiles(Path.Combine(away, "log-1")))
                    File.Copy(file, Path.Combine(_folder.LogPath, Path.GetFileName(file)));
            }
            string[] there = Files();
            for (int i = 0; i < 2; i++)
                Assert.Null(await store.AppendAsync(_folder.Issue(), TestContext.Current.CancellationToken));
            Assert.Equal(new StoreState(false, "the folder was deleted or replaced; restart the server"), store.State);
            Assert.Equal(there, Files());
        }
        // Nor at the end.
        if (how is "moved" or "emptied")
            Assert.Empty(Files());

        string[] Files() =>
            Directory.Exists(_folder.Path)
                ? [.. Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Order()]
                : [];
    }

    [Fact]
    public async Task A_log_keeps_its_name()
    {
        string name;
        await using (ReceiptStore store = _folder.Open(settings => settings with { Origin = "log.example/a" }))
            name = store.LogKey.Name;
        await using (ReceiptStore store = _folder.Open())
            Assert.Equal(name, store.LogKey.Name);
        await using (ReceiptStore store = _folder.Open(settings => settings with { Origin = "log.example/a" }))
            Assert.Equal(name, store.LogKey.Name);
        Assert.Equal(
            $"--log-origin: the log in {_folder.LogPath} is named '{name}', and a log keeps its name. Leave "
                + "the setting out, or end the log and begin the next with receipts rotate --log-origin.",
            Assert
                .Throws<ReceiptStoreException>(() =>
                    _folder.Open(settings => settings with { Origin = "log.example/b" })
                )
                .Message
        );
    }

    [Fact]
    public async Task Tables_of_another_version_are_refused()
    {
        await _folder.FillAsync(1);
        _folder.Tamper("PRAGMA user_version = 4");
        Assert.Equal(
            $"--data-dir: {_folder.Database} was made by another version of this program. Use that one, or another "
                + "--data-dir.",
            _folder.Refusal()
        );
    }

    /// <summary>The first version had key and database in the folder itself.</summary>
    [Fact]
    public async Task Receipts_of_the_older_form_are_left_as_they_are_and_named()
    {
        Directory.CreateDirectory(_folder.Path);
        string[] old = [.. new[] { "signing-key.pem", "receipts.db", "checkpoint" }.Select(_folder.In)];
        foreach (string file in old)
            await File.WriteAllTextAsync(file, "older", TestContext.Current.CancellationToken);
        await _folder.FillAsync(1);
        Assert.Equal(
            $"{old[1]} has receipts of an older form: it is left as it is, for the version of this program that issued "
                + "them",
            _folder.Notes.First()
        );
        Assert.All(old, file => Assert.Equal("older", File.ReadAllText(file)));
        using ReceiptArchive archive = ReceiptArchive.Open(_folder.Path);
        Assert.Single(await archive.ListAsync(10, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();
}
