using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Transparency;
using DeterministicInference.Server.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Transparency;

/// <summary>A log that is followed, by a server that may show any history.</summary>
public sealed class LogMirrorTests : IAsyncLifetime
{
    private readonly SigningKey _key = SigningKey.Create();
    private readonly string _folder = TestModels.NewFolder("mirror");
    private readonly List<byte[]> _entries = [];
    private WebApplication? _app;
    private string _url = "",
        _prefix = "/v1/log/";
    private LogEnd? _end;
    private (int Status, string Body) _elsewhere = (404, "");
    private string? _unavailable;
    private bool _hasOldTiles = true;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private NoteKey LogKey => new("log.example/a", _key.PublicKey);

    /// <summary>The note to show; null for the one of the entries.</summary>
    private string? Shown { get; set; }

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            "127.0.0.1",
            0,
            1 << 20,
            new ServeOptions().RequestHeadersTimeout
        );
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync(Cancellation);
        _url = _app.Urls.Single();
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _key.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_is_copied_as_it_grows_and_another_server_can_serve_the_copy(bool keepsEntries)
    {
        foreach (
            (int grow, long before, long now) in new[]
            {
                (1, 0L, 1L),
                (254, 1, 255),
                (1, 255, 256),
                (0, 256, 256),
                (300, 256, 556),
                (1, 556, 557),
            }
        )
        {
            Grow(grow);
            Assert.Equal((before, now), await UpdateAsync(keepsEntries));
        }
        string[] files = Files();
        string[] entries = keepsEntries
            ? ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/44", "tile/entries/002.p/45"]
            : [];
        Assert.Equal(
            [
                "checkpoint",
                "tile/0/000",
                "tile/0/001",
                "tile/0/002.p/44",
                "tile/0/002.p/45",
                "tile/1/000.p/1",
                "tile/1/000.p/2",
                .. entries,
            ],
            files
        );
        foreach (string file in files.Skip(1))
        {
            Assert.True(TilePath.TryParse(file, out TilePath path), file);
            Assert.Equal(Bytes(path), await File.ReadAllBytesAsync(Path.Combine(_folder, file), Cancellation));
        }
    }

    [Fact]
    public async Task An_interrupted_copy_goes_on()
    {
        Grow(300);
        await UpdateAsync();
        byte[] checkpoint = await File.ReadAllBytesAsync(Path.Combine(_folder, "checkpoint"), Cancellation);
        Grow(300);
        await UpdateAsync();
        // As if the second copy had ended before its last file.
        await File.WriteAllBytesAsync(Path.Combine(_folder, "checkpoint"), checkpoint, Cancellation);
        Assert.Equal((300, 600), await UpdateAsync());
    }

    /// <summary>Also those that come when the log has not grown.</summary>
    [Fact]
    public async Task Cosignatures_are_kept_as_the_log_shows_them()
    {
        using SigningKey witness = SigningKey.Create();
        Grow(3);
        await UpdateAsync();
        SignedNote note = SignedNote.Parse(Sign(Tree()));
        Shown = note.With(new Cosigner("w1", witness).Sign(note, 1_790_000_000)).ToString();
        Assert.Equal((3, 3), await UpdateAsync());
        Assert.Equal(Shown, await File.ReadAllTextAsync(Path.Combine(_folder, "checkpoint"), Cancellation));
        Shown = null;
        Grow(1);
        note = SignedNote.Parse(Sign(Tree()));
        Shown = note.With(new Cosigner("w1", witness).Sign(note, 1_790_000_001)).ToString();
        Assert.Equal((3, 4), await UpdateAsync());
        Assert.Equal(Shown, await File.ReadAllTextAsync(Path.Combine(_folder, "checkpoint"), Cancellation));
    }

    /// <summary>Rewritten, reordered, dropped, forked: each at any place, the finding names the first entry.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(299)]
    [InlineData(256)]
    [InlineData(0)]
    public async Task Another_history_is_found_with_its_place_and_the_evidence(int at)
    {
        Grow(300);
        await UpdateAsync();
        string kept = await File.ReadAllTextAsync(Path.Combine(_folder, "checkpoint"), Cancellation);
        byte[][] good = [.. _entries];
        Action[] histories =
        [
            () => _entries[at] = "rewritten\n"u8.ToArray(),
            () => (_entries[at], _entries[at - 1 < 0 ? 1 : at - 1]) = (_entries[at - 1 < 0 ? 1 : at - 1], _entries[at]),
            () => _entries.RemoveAt(at),
            () => _entries.RemoveRange(at, _entries.Count - at),
        ];
        foreach (Action change in histories)
        {
            foreach (int growth in (int[])[0, 1, 40, 400])
            {
                _entries.Clear();
                _entries.AddRange(good);
                change();
                Grow(growth, "another entry");
                int first = Enumerable
                    .Range(0, Math.Min(good.Length, _entries.Count))
                    .FirstOrDefault(i => !good[i].AsSpan().SequenceEqual(_entries[i]), -1);
                if (first < 0)
                {
                    // A shorter beginning of the same history is an old checkpoint, and no contradiction.
                    string why = (await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync())).Message;
                    Assert.Equal(
                        $"it shows a checkpoint of {_entries.Count} entries, and has shown one of 300: it is an old "
                            + "copy, or the log was set back",
                        why
                    );
                    continue;
                }
                var e = await Assert.ThrowsAsync<LogHistoryException>(() => UpdateAsync());
                Assert.Equal($"entry {first} is not the one that the log showed before", e.Message);
                (string before, string now) = Proven(e.Evidence, first, good[first], _entries[first]);
                Assert.Equal((kept, Sign(Tree())), (before, now));
            }
        }
        _entries.Clear();
        _entries.AddRange(good);
        Grow(10);
        // What was shown in between has left no trace.
        Assert.Equal((300, 310), await UpdateAsync());
    }

    /// <summary>A web server may have a mirror at its root, or at any other place.</summary>
    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("/some/place/", "/some/place/")]
    [InlineData("", "/v1/log/")]
    [InlineData("/v1/log", "/v1/log/")]
    public async Task A_log_is_found_at_the_address_that_is_given(string path, string prefix)
    {
        _prefix = prefix;
        _url += path;
        Grow(2);
        Assert.Equal((0, 2), await UpdateAsync());
        _prefix = "/elsewhere/";
        Assert.Contains(
            "it has no log: GET checkpoint is 404",
            (await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync())).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>What was not there once is looked for again.</summary>
    [Theory]
    [InlineData("", "/")]
    [InlineData("/some/place/", "/some/place/")]
    [InlineData("", "/v1/log/")]
    [InlineData("/v1/log", "/v1/log/")]
    public async Task A_log_that_was_away_is_found_again(string path, string prefix)
    {
        Grow(2);
        using var source = new LogSource(new Uri(_url + path), LogKey, null, TimeSpan.FromSeconds(30));
        var mirror = new LogMirror(_folder, source, LogKey, keepsEntries: false);
        foreach (string place in new[] { "/elsewhere/", prefix, "/elsewhere/" })
        {
            _prefix = place;
            if (place == prefix)
                Assert.Equal(2, (await mirror.UpdateAsync(Cancellation)).Now);
            else
                await Assert.ThrowsAsync<NoAnswerException>(() => mirror.UpdateAsync(Cancellation));
        }
        _prefix = prefix;
        Grow(1);
        Assert.Equal(3, (await mirror.UpdateAsync(Cancellation)).Now);
    }

    /// <summary>Web servers answer in many ways to what they don't have.</summary>
    [Theory]
    [InlineData("/", 403, "AccessDenied")]
    [InlineData("/", 200, "<html>Welcome</html>")]
    [InlineData("/", 500, "")]
    [InlineData("/v1/log/", 403, "AccessDenied")]
    [InlineData("/v1/log/", 200, "<html>Welcome</html>")]
    public async Task A_log_is_found_beside_whatever_else_is_served(string prefix, int status, string body)
    {
        (_prefix, _elsewhere) = (prefix, (status, body));
        Grow(300);
        Assert.Equal((0, 300), await UpdateAsync());
        // Without the list of logs another one at the place is no reason to doubt this one.
        using SigningKey other = SigningKey.Create();
        Shown = new Checkpoint("log.example/b", 1, MerkleHash.Empty).Sign(other).ToString();
        await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync());
    }

    /// <summary>A monitor copies hashes alone; when entries are wanted, the partial tiles of then are gone.</summary>
    [Theory]
    [InlineData(404, "")]
    [InlineData(403, "AccessDenied")]
    [InlineData(200, "<html>Welcome</html>")]
    public async Task Entries_of_tiles_that_have_become_full_are_copied_later(int status, string body)
    {
        _elsewhere = (status, body);
        _prefix = "/";
        Grow(355);
        await UpdateAsync();
        Grow(502);
        _hasOldTiles = false;
        Assert.Equal((355, 857), await UpdateAsync(keepsEntries: true));
        Assert.Equal((857, 857), await UpdateAsync(keepsEntries: true));
    }

    [Fact]
    public async Task What_a_mirror_at_the_root_answers_is_told()
    {
        _prefix = "/elsewhere/";
        _unavailable = "/checkpoint";
        Assert.StartsWith(
            "it answers 503",
            (await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync())).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>A cache, a proxy or a disk may damage a tile: what the log signed does not accuse it.</summary>
    [Theory]
    [InlineData(256)]
    [InlineData(299)]
    [InlineData(300)]
    [InlineData(599)]
    public async Task Tiles_that_do_not_give_the_signed_root_are_no_evidence(int at)
    {
        Grow(300);
        await UpdateAsync();
        string[] files = Files();
        byte[][] good = [.. _entries, .. Enumerable.Range(300, 300).Select(i => LineOf("entry", i))];
        string signed = Sign(TreeOf(good));
        _entries.Clear();
        _entries.AddRange(good);
        _entries[at] = LineOf("damaged", at);
        Shown = signed;
        var e = await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync());
        Assert.Equal("its tiles do not give the root of its checkpoint of 600 entries", e.Message);
        Assert.Equal(files, Files().Where(file => !file.StartsWith("incoming", StringComparison.Ordinal)));
        // Nothing of it stays once the damage is gone.
        _entries[at] = good[at];
        Assert.Equal((300, 600), await UpdateAsync());
        foreach (string file in Files().Where(file => file.StartsWith("tile/", StringComparison.Ordinal)))
        {
            Assert.True(TilePath.TryParse(file, out TilePath path), file);
            Assert.Equal(Bytes(path), await File.ReadAllBytesAsync(Path.Combine(_folder, file), Cancellation));
        }
    }

    /// <summary>With and without the tree that it stands in: a signed root is not enough for an accusation.</summary>
    [Fact]
    public async Task A_signed_root_whose_tiles_are_not_served_is_no_evidence()
    {
        Grow(300);
        await UpdateAsync();
        Shown = new Checkpoint(LogKey.Name, 300, MerkleHash.Empty).Sign(_key).ToString();
        Assert.Equal(
            "its tiles do not give the root of its checkpoint of 300 entries",
            (await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync())).Message
        );
    }

    [Fact]
    public async Task The_entries_that_a_monitor_left_out_are_fetched_later()
    {
        Grow(300);
        await UpdateAsync();
        Grow(300);
        Assert.Equal((300, 600), await UpdateAsync(keepsEntries: true));
        Assert.Equal(
            ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"],
            Files().Where(file => file.StartsWith("tile/entries/", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(0, "does not open this log with this key")]
    [InlineData(7, "is no line of a log of receipts")]
    public async Task What_is_no_line_of_a_log_of_receipts_is_not_copied(int at, string problem)
    {
        Grow(10);
        _entries[at] = "dis-log/2 something\n"u8.ToArray();
        Assert.Equal(
            $"its entry {at} {problem}",
            (await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync(keepsEntries: true))).Message
        );
        Assert.Equal((0, 10), await UpdateAsync());
    }

    /// <summary>Also where the last entry fills a tile, and where no entries are kept but that one.</summary>
    [Theory]
    [InlineData(9, true, false)]
    [InlineData(9, false, true)]
    [InlineData(255, true, true)]
    [InlineData(255, false, false)]
    public async Task The_end_of_a_log_is_seen_and_none_can_follow(int entries, bool keepsEntries, bool isRevoked)
    {
        using SigningKey next = SigningKey.Create();
        var end = new LogEnd(new NoteKey("log.example/next", next.PublicKey), isRevoked);
        Grow(entries);
        await UpdateAsync(keepsEntries);
        Assert.Null(_end);
        _entries.Add(LogEntry.Close(end).Bytes.ToArray());
        Assert.Equal((entries, entries + 1), await UpdateAsync(keepsEntries));
        Assert.Equal((end.Next.ToString(), isRevoked), (_end!.Next.ToString(), _end.IsRevoked));
        await UpdateAsync(keepsEntries);
        Assert.NotNull(_end);

        Grow(1, "another");
        var e = await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync(keepsEntries));
        Assert.Equal(
            keepsEntries && entries != 255
                ? $"its entry {entries} closes the log, and others follow it"
                : $"it has {entries + 2} entries, and had ended with {entries + 1}",
            e.Message
        );
    }

    [Fact]
    public async Task What_the_key_has_not_signed_is_no_evidence()
    {
        Grow(3);
        using SigningKey other = SigningKey.Create();
        foreach (
            string note in (string[])
                [
                    new Checkpoint(LogKey.Name, 3, Tree().Root).Sign(other).ToString(),
                    new Checkpoint("log.example/b", 3, Tree().Root).Sign(_key).ToString(),
                    "nothing",
                ]
        )
        {
            Shown = note;
            var e = await Assert.ThrowsAsync<NoAnswerException>(() => UpdateAsync());
            Assert.StartsWith("its checkpoint is not one of this log: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_folder_of_another_log_or_a_damaged_one_is_named()
    {
        Grow(300);
        await UpdateAsync();
        string tile = Path.Combine(_folder, "tile", "0", "001.p", "44");
        byte[] bytes = await File.ReadAllBytesAsync(tile, Cancellation);
        bytes[40] ^= 1;
        await File.WriteAllBytesAsync(tile, bytes, Cancellation);
        Assert.Equal(
            $"{_folder}: is damaged: its tiles do not give the root of its checkpoint. Give an empty folder.",
            (await Assert.ThrowsAsync<InputException>(() => UpdateAsync())).Message
        );
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "checkpoint"),
            new Checkpoint("log.example/b", 3, Tree().Root).Sign(_key).ToString(),
            Cancellation
        );
        Assert.Contains(
            "Give another folder, or the key of the log that is in it.",
            (await Assert.ThrowsAsync<InputException>(() => UpdateAsync())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_commands_tell_what_they_find()
    {
        Grow(3);
        string key = Path.Combine(TestModels.NewFolder("key"), "key");
        await File.WriteAllTextAsync(key, $"{LogKey}\n", Cancellation);
        CommandResult mirror = await RunAsync("mirror", _url);
        Assert.Equal((0, ""), (mirror.ExitCode, mirror.Error));
        Assert.EndsWith("Z 3 entries, 3 of them new\n", mirror.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "tile", "entries", "000.p", "3")));
        Grow(1);
        Assert.EndsWith(
            "Z 4 entries, 1 of them new\n",
            (await RunAsync("monitor", _url + "/v1/log", "--interval", "off")).Output,
            StringComparison.Ordinal
        );
        byte[] before = _entries[2];
        _entries[2] = LineOf("other", 2);
        CommandResult monitor = await RunAsync("monitor", _url, "--interval", "1s");
        Assert.Equal(13, monitor.ExitCode);
        Assert.Contains(
            "NOT CONSISTENT: entry 2 is not the one that the log showed before:",
            monitor.Error,
            StringComparison.Ordinal
        );
        string evidence = Assert.Single(Directory.GetFiles(_folder, "evidence-*.txt"));
        string text = await File.ReadAllTextAsync(evidence, Cancellation);
        Assert.Contains(text, monitor.Error, StringComparison.Ordinal);
        Assert.Equal(Sign(Tree()), Proven(text, 2, before, _entries[2]).Now);
        // Nothing that the log shows afterwards takes that back.
        _entries[2] = before;
        CommandResult again = await RunAsync("mirror", _url);
        Assert.Equal(
            (
                2,
                $"{evidence}: this log has contradicted itself. Keep the file, and follow another log, in another folder."
            ),
            (again.ExitCode, again.Error.Trim()["error: ".Length..])
        );

        Task<CommandResult> RunAsync(string command, string url, params string[] arguments) =>
            ServerProgram.Built.RunAsync(["receipts", command, url, _folder, "--key", key, .. arguments]);
    }

    private async Task HandleAsync(HttpContext context)
    {
        string requested = context.Request.Path.Value!;
        if (
            !requested.StartsWith(_prefix, StringComparison.Ordinal)
            || requested.Contains("/v1/", StringComparison.Ordinal)
                != _prefix.Contains("/v1/", StringComparison.Ordinal)
        )
        {
            // A mirror has no list of logs.
            context.Response.StatusCode = requested == _unavailable ? 503 : _elsewhere.Status;
            await context.Response.WriteAsync(_elsewhere.Body, context.RequestAborted);
            return;
        }
        string name = requested[_prefix.Length..];
        if (
            !_hasOldTiles
            && TilePath.TryParse(name, out TilePath old)
            && old.Level <= 0
            && old.Width != (int)Math.Min(TilePath.FullWidth, _entries.Count - old.Index * TilePath.FullWidth)
        )
        {
            context.Response.StatusCode = _elsewhere.Status;
            await context.Response.WriteAsync(_elsewhere.Body, context.RequestAborted);
            return;
        }
        byte[] body =
            name == "checkpoint" ? Encoding.UTF8.GetBytes(Shown ?? Sign(Tree()))
            : TilePath.TryParse(name, out TilePath path) ? Bytes(path)
            : throw new InvalidOperationException(name);
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private async Task<(long Before, long Now)> UpdateAsync(bool keepsEntries = false)
    {
        using var source = new LogSource(new Uri(_url), LogKey, null, TimeSpan.FromSeconds(30));
        (long before, long now, _end) = await new LogMirror(_folder, source, LogKey, keepsEntries).UpdateAsync(
            Cancellation
        );
        return (before, now);
    }

    private string[] Files() =>
        [
            .. Directory
                .GetFiles(_folder, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(_folder, file))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Both proofs of the evidence, verified with the log's key alone.</summary>
    private (string Before, string Now) Proven(string evidence, int index, byte[] before, byte[] now)
    {
        int second = evidence.IndexOf("\nnow: leaf ", StringComparison.Ordinal);
        return (
            Proven(evidence[..second], "before: leaf ", index, before),
            Proven(evidence[(second + 1)..], "now: leaf ", index, now)
        );
    }

    private string Proven(string text, string beginning, int index, byte[] entry)
    {
        string[] parts = text.Split('\n', 2);
        Sha256Value leaf = MerkleHash.Leaf(entry);
        Assert.Equal(beginning + Convert.ToBase64String(leaf.ToArray()), parts[0]);
        TlogProof proof = TlogProof.Parse(parts[1]);
        Assert.Equal(index, proof.Index);
        proof.Verify(leaf, LogKey);
        return proof.Checkpoint;
    }

    private void Grow(int count, string name = "entry")
    {
        for (int i = 0; i < count; i++)
            _entries.Add(LineOf(name, _entries.Count));
    }

    private byte[] LineOf(string name, int number) =>
        number == 0 && name == "entry"
            ? LogEntry.Open(LogKey).Bytes.ToArray()
            : LogEntry.Receipt(Encoding.ASCII.GetBytes($"{name} {number}")).Bytes.ToArray();

    private MerkleTree Tree() => TreeOf(_entries);

    private static MerkleTree TreeOf(IEnumerable<byte[]> entries)
    {
        var tree = new MerkleTree();
        foreach (byte[] entry in entries)
            tree.Append(MerkleHash.Leaf(entry));
        return tree;
    }

    private string Sign(MerkleTree tree) => new Checkpoint(LogKey.Name, tree.Size, tree.Root).Sign(_key).ToString();

    private byte[] Bytes(TilePath path)
    {
        if (path.Level != TilePath.EntriesLevel)
        {
            Tile tile = Tree().GrownSince(0).Single(tile => (tile.Level, tile.Index) == (path.Level, path.Index));
            return tile.Hashes[..(path.Width * Sha256Value.Size)].ToArray();
        }
        return
        [
            .. _entries
                .Skip((int)path.Index * TilePath.FullWidth)
                .Take(path.Width)
                .SelectMany(entry => (byte[])[(byte)(entry.Length >> 8), (byte)entry.Length, .. entry]),
        ];
    }
}
