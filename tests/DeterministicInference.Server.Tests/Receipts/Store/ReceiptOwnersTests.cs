using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Receipts.Store;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>Whose receipts are whose, in the store.</summary>
public sealed class ReceiptOwnersTests : IDisposable
{
    private const string WithoutOwners =
        "ALTER TABLE receipt DROP COLUMN owner; ALTER TABLE pruned DROP COLUMN owner_hash; PRAGMA user_version = 2";

    private static readonly ApiKey A = new("key-1", ApiKey.DigestOf("a")),
        B = new("key-2", ApiKey.DigestOf("b")),
        C = new("key-3", ApiKey.DigestOf("c")),
        Renamed = new("team-a", ApiKey.DigestOf("a"));

    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SecretFile => _folder.In("owner-secret");

    [Fact]
    public async Task A_tag_is_of_the_key_and_a_secret_that_stands_in_no_database()
    {
        byte[] tag,
            other;
        await using (ReceiptStore store = Open(A, B))
        {
            (tag, other) = (store.Owners.TagOf(A), store.Owners.TagOf(B));
            await AppendAsync(store, tag);
        }
        Assert.Equal(16, tag.Length);
        Assert.NotEqual(tag, other);
        byte[] secret = await File.ReadAllBytesAsync(SecretFile, Cancellation),
            database = await File.ReadAllBytesAsync(_folder.Database, Cancellation);
        Assert.Equal(32, secret.Length);
        Assert.True(database.AsSpan().IndexOf(tag) >= 0);
        Assert.True(database.AsSpan().IndexOf(secret) < 0);
        Assert.True(database.AsSpan().IndexOf(ApiKey.DigestOf("a").AsSpan(0, tag.Length)) < 0);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(ReceiptDirectory.OwnerOnly, File.GetUnixFileMode(SecretFile));

        await using (ReceiptStore again = Open(C, B, Renamed))
        {
            Assert.Equal(tag, again.Owners.TagOf(Renamed));
            Assert.Equal(other, again.Owners.TagOf(B));
        }
        using var elsewhere = new StoreFolder();
        await using ReceiptStore foreign = elsewhere.Open(settings => settings with { Clients = [A] });
        Assert.NotEqual(tag, foreign.Owners.TagOf(A));
    }

    [Fact]
    public async Task Without_keys_there_is_no_secret()
    {
        await _folder.FillAsync(1);
        Assert.False(File.Exists(SecretFile));
    }

    [Fact]
    public async Task A_receipt_is_found_by_its_owner_and_by_the_operator()
    {
        await using ReceiptStore store = Open(A, B);
        (byte[] a, byte[] b) = (store.Owners.TagOf(A), store.Owners.TagOf(B));
        string ofA = await AppendAsync(store, a),
            ofB = await AppendAsync(store, b),
            ofNobody = await AppendAsync(store, null);
        foreach ((string id, byte[]? owner) in new[] { (ofA, a), (ofB, b), (ofNobody, null) })
        {
            foreach (byte[]? asks in (byte[]?[])[a, b, null])
            {
                StoredReceipt? found = (await store.FindOwnAsync(id, asks, Cancellation)).Receipt;
                Assert.Equal(asks == owner ? id : null, found?.ReceiptId);
            }
            Assert.Equal(id, (await store.FindAsync(id, Cancellation)).Receipt!.ReceiptId);
        }
        foreach (string none in (string[])["", "x", new string('0', 32), new string('f', 32), ofA.ToUpperInvariant()])
            Assert.Equal(new ReceiptLookup(null), await store.FindOwnAsync(none, a, Cancellation));
        await _folder.CheckAsync();
    }

    /// <summary>What is left does not tell that two of them were of the same key.</summary>
    [Fact]
    public async Task Of_a_deleted_receipt_the_owner_is_known_to_who_has_its_id_and_its_key()
    {
        string[] ids;
        byte[] a,
            b;
        await using (ReceiptStore store = Open(A, B))
        {
            (a, b) = (store.Owners.TagOf(A), store.Owners.TagOf(B));
            ids =
            [
                await AppendAsync(store, a),
                await AppendAsync(store, a),
                await AppendAsync(store, b),
                await AppendAsync(store, null),
            ];
        }
        _folder.Clock.Advance(TimeSpan.FromHours(2));
        await using (
            ReceiptStore store = _folder.Open(settings =>
                settings with
                {
                    Clients = [A, B],
                    Retention = TimeSpan.FromHours(1),
                }
            )
        )
        {
            await Limits.UntilAsync(
                () => _folder.Notes.Any(note => note.StartsWith("4 receipts were deleted", StringComparison.Ordinal)),
                () => string.Join('\n', _folder.Notes)
            );
            foreach ((string id, byte[]? owner) in ids.Zip([a, a, b, null]))
            {
                foreach (byte[]? asks in (byte[]?[])[a, b, null])
                {
                    Assert.Equal(
                        new ReceiptLookup(null, IsPruned: asks == owner),
                        await store.FindOwnAsync(id, asks, Cancellation)
                    );
                }
                Assert.True((await store.FindAsync(id, Cancellation)).IsPruned);
            }
        }
        Assert.True((await File.ReadAllBytesAsync(_folder.Database, Cancellation)).AsSpan().IndexOf(a) < 0);
        using SqliteConnection connection = _folder.Connect();
        Assert.Equal(3L, connection.Scalar("SELECT count(DISTINCT owner_hash) FROM pruned"));
    }

    [Fact]
    public async Task A_secret_that_was_lost_is_told_and_its_receipts_stay_closed()
    {
        string id;
        byte[] before;
        await using (ReceiptStore store = Open(A))
        {
            before = store.Owners.TagOf(A);
            id = await AppendAsync(store, before);
        }
        File.Delete(SecretFile);
        Assert.Empty(_folder.Warnings);
        await using ReceiptStore again = Open(A);
        Assert.Equal(
            [
                $"{SecretFile} is missing and is made anew: API keys no longer get the receipts that were issued to "
                    + "them before",
            ],
            _folder.Warnings
        );
        Assert.NotEqual(before, again.Owners.TagOf(A));
        Assert.Null((await again.FindOwnAsync(id, again.Owners.TagOf(A), Cancellation)).Receipt);
        Assert.Null((await again.FindOwnAsync(id, null, Cancellation)).Receipt);
    }

    [Fact]
    public async Task A_secret_that_can_t_be_used_is_refused()
    {
        await using (ReceiptStore store = Open(A))
            await AppendAsync(store, store.Owners.TagOf(A));
        string subject = $"--data-dir: {SecretFile}, which tells whose receipts are whose, can't be used: ";
        await File.WriteAllTextAsync(SecretFile, "short", Cancellation);
        Assert.Equal(
            subject
                + "it has 5 bytes instead of 32. Restore it from a copy. If there is none, delete it: API keys then no "
                + "longer get the receipts that were issued to them before.",
            Refusal()
        );
        // Without keys nobody needs it.
        await using (ReceiptStore store = _folder.Open())
            await AppendAsync(store, null);
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(SecretFile, ReceiptDirectory.OwnerOnly | UnixFileMode.GroupRead);
        Assert.Equal(
            subject + $"others than its owner may use it. If nobody has read it: chmod 600 '{SecretFile}'.",
            Refusal()
        );
    }

    /// <summary>The tables of version 2, as the versions of the program created them that stored no owner.</summary>
    [Fact]
    public async Task Tables_without_owners_are_read_and_brought_to_the_present_form()
    {
        string old = (await _folder.FillAsync(1))[0].ReceiptId;
        _folder.Clock.Advance(TimeSpan.FromHours(2));
        await using (ReceiptStore store = Prune())
        {
            await _folder.AppendAsync(store, 1);
            await Limits.UntilAsync(
                () => _folder.Notes.Any(note => note.StartsWith("1 receipts were deleted", StringComparison.Ordinal)),
                () => string.Join('\n', _folder.Notes)
            );
        }
        (string[] present, string young) = (Schema(), (await NewestAsync()).ReceiptId);
        _folder.Tamper(WithoutOwners);
        Assert.Equal(
            [
                "CREATE TABLE pruned (entry INTEGER PRIMARY KEY, id_hash BLOB NOT NULL) STRICT",
                "CREATE TABLE receipt ( entry INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, response_id TEXT, "
                    + "issued_at INTEGER NOT NULL, statement BLOB NOT NULL, salt BLOB NOT NULL) STRICT",
            ],
            Schema()
        );

        // A command of the operator reads it as it is.
        Assert.Equal(young, (await NewestAsync()).ReceiptId);
        using (ReceiptArchive archive = ReceiptArchive.Open(_folder.Path))
        {
            Assert.True((await archive.FindAsync(old, Cancellation)).IsPruned);
            await archive.CheckAsync(Cancellation);
        }
        Assert.Equal(2L, VersionOf());

        await using (ReceiptStore store = Open(A))
        {
            byte[] a = store.Owners.TagOf(A);
            string own = await AppendAsync(store, a);
            Assert.NotNull((await store.FindOwnAsync(own, a, Cancellation)).Receipt);
            Assert.NotNull((await store.FindOwnAsync(young, null, Cancellation)).Receipt);
            Assert.True((await store.FindOwnAsync(old, null, Cancellation)).IsPruned);
            Assert.Equal(new ReceiptLookup(null), await store.FindOwnAsync(young, a, Cancellation));
            Assert.Equal(new ReceiptLookup(null), await store.FindOwnAsync(old, a, Cancellation));
            await _folder.CheckAsync();
        }
        Assert.Equal(3L, VersionOf());
        Assert.Equal(present, Schema());
    }

    [Fact]
    public async Task A_log_that_is_refused_keeps_its_tables()
    {
        await _folder.FillAsync(1);
        _folder.Tamper($"{WithoutOwners}; UPDATE checkpoint SET note = replace(note, '2', '3')");
        Assert.Contains("can't be continued", _folder.Refusal(), StringComparison.Ordinal);
        Assert.Equal(2L, VersionOf());
    }

    public void Dispose() => _folder.Dispose();

    private ReceiptStore Open(params ApiKey[] keys) => _folder.Open(settings => settings with { Clients = keys });

    private ReceiptStore Prune() => _folder.Open(settings => settings with { Retention = TimeSpan.FromHours(1) });

    private string Refusal() => Assert.Throws<ReceiptStoreException>(() => Open(A)).Message;

    private async Task<string> AppendAsync(ReceiptStore store, byte[]? owner)
    {
        Assert.True(await store.PutEnvironmentAsync(_folder.Environment, Cancellation));
        NewReceipt receipt = _folder.Issue(owner);
        Assert.NotNull(await store.AppendAsync(receipt, Cancellation));
        return receipt.ReceiptId;
    }

    private async Task<StoredReceipt> NewestAsync()
    {
        using ReceiptArchive archive = ReceiptArchive.Open(_folder.Path);
        return Assert.Single(await archive.ListAsync(1, Cancellation));
    }

    private long VersionOf()
    {
        using SqliteConnection connection = _folder.Connect();
        return ReceiptDatabase.VersionOf(connection);
    }

    /// <summary>How the tables of receipts were made, on one line each.</summary>
    private string[] Schema()
    {
        using SqliteConnection connection = _folder.Connect();
        using SqliteCommand query = connection.Query(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name IN ('receipt', 'pruned') ORDER BY name"
        );
        using SqliteDataReader row = query.ExecuteReader();
        List<string> tables = [];
        while (row.Read())
            tables.Add(string.Join(' ', row.GetString(0).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        return [.. tables];
    }
}
