using System.Runtime.Versioning;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Machine;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>Unchanged files are not read again; changed ones are.</summary>
[SupportedOSPlatform("linux")]
public sealed class FileHashCacheTests : IDisposable
{
    private static readonly DateTime Written = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly string _data = TestModels.NewFolder("hashes"),
        _model = TestModels.NewFolder("weights");
    private readonly LogLines _log = new();

    private string Kept => Path.Combine(_data, "model-hashes");

    private string Weights => Path.Combine(_model, "model.safetensors");

    [Fact]
    public async Task A_second_start_reads_nothing()
    {
        File.WriteAllText(Weights, "weights");
        File.WriteAllText(Path.Combine(_model, "config.json"), "{}");
        (Sha256Value first, long read) = await DigestAsync();
        Assert.Equal(9, read);
        Assert.Equal((first, 0L), await DigestAsync());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Kept));
        Assert.DoesNotContain(_log.All, line => line.StartsWith("Warning", StringComparison.Ordinal));
        // Only the changed one of the two is read.
        PassATick();
        File.WriteAllText(Weights, "changed");
        (Sha256Value other, read) = await DigestAsync();
        Assert.NotEqual(first, other);
        Assert.Equal(7, read);
    }

    [Fact]
    public async Task A_changed_byte_is_noticed_although_the_time_of_the_change_was_set_back()
    {
        File.WriteAllText(Weights, "weights");
        File.SetLastWriteTimeUtc(Weights, Written);
        FileIdentity before = FileIdentity.Of(Weights)!.Value;
        Sha256Value first = (await DigestAsync()).Digest;
        PassATick();
        using (FileStream file = File.OpenWrite(Weights))
            file.WriteByte((byte)'W');
        File.SetLastWriteTimeUtc(Weights, Written);
        // Only the ctime shows it.
        FileIdentity after = FileIdentity.Of(Weights)!.Value;
        Assert.NotEqual(before, after);
        Assert.Equal(before, after with { Changed = before.Changed });
        (Sha256Value second, long read) = await DigestAsync();
        Assert.Equal(7, read);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task A_replaced_file_is_noticed()
    {
        string other = Path.Combine(_data, "other");
        File.WriteAllText(Weights, "weights");
        File.WriteAllText(other, "Weights");
        foreach (string file in (string[])[Weights, other])
            File.SetLastWriteTimeUtc(file, Written);
        Sha256Value first = (await DigestAsync()).Digest;
        File.Move(other, Weights, overwrite: true);
        (Sha256Value second, long read) = await DigestAsync();
        Assert.Equal(7, read);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task A_link_that_leads_elsewhere_is_noticed()
    {
        string one = Path.Combine(_data, "one"),
            two = Path.Combine(_data, "two");
        File.WriteAllText(one, "weights");
        File.WriteAllText(two, "Weights");
        File.CreateSymbolicLink(Weights, one);
        Sha256Value first = (await DigestAsync()).Digest;
        Assert.Equal((first, 0L), await DigestAsync());
        File.Delete(Weights);
        File.CreateSymbolicLink(Weights, two);
        Assert.NotEqual(first, (await DigestAsync()).Digest);
    }

    [Fact]
    public async Task A_file_that_was_written_just_now_is_read_again()
    {
        File.WriteAllText(Weights, "weights");
        await DigestAsync(TimeProvider.System);
        Assert.Equal(7, (await DigestAsync(TimeProvider.System)).Read);
        Assert.False(File.Exists(Kept));
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_read_is_not_kept()
    {
        File.WriteAllText(Weights, "weights");
        using ILoggerFactory loggers = Loggers();
        var hashes = new FileHashCache(_data, ShiftedTime.Later, loggers.CreateLogger("test"));
        int reads = 0;
        for (int i = 0; i < 2; i++)
        {
            await hashes.HashAsync(
                Weights,
                () =>
                {
                    reads++;
                    File.WriteAllText(Weights, $"{reads}");
                    return ValueTask.FromResult(Sha256Value.Of("stale"u8));
                }
            );
        }
        Assert.Equal(2, reads);
    }

    [Theory]
    [InlineData("damaged")]
    [InlineData("cut")]
    [InlineData("foreign")]
    [InlineData("writable by others")]
    public async Task What_this_server_did_not_write_is_ignored_with_a_warning(string kind)
    {
        File.WriteAllText(Weights, "weights");
        Sha256Value first = (await DigestAsync()).Digest;
        byte[] kept = File.ReadAllBytes(Kept);
        int digit = Array.IndexOf(kept, (byte)'\n') + 1;
        if (kind == "damaged")
            kept[digit] = (byte)(kept[digit] == 'a' ? 'b' : 'a');
        if (kind == "cut")
            kept = kept[..^10];
        if (kind == "foreign")
            kept = Encoding.UTF8.GetBytes("{\"hashes\":{}}\n");
        File.WriteAllBytes(Kept, kept);
        if (kind == "writable by others")
            File.SetUnixFileMode(Kept, File.GetUnixFileMode(Kept) | UnixFileMode.GroupWrite);
        Assert.Equal((first, 7L), await DigestAsync());
        Assert.Single(
            _log.All,
            line =>
                line
                == $"Warning test The file {Kept} is damaged, or was not written by this server, and is "
                    + "ignored: the model's files are hashed again"
        );
        // The cache then works again.
        Assert.Equal((first, 0L), await DigestAsync());
    }

    public void Dispose() => _log.Dispose();

    /// <summary>As a restarted server does.</summary>
    private async Task<(Sha256Value Digest, long Read)> DigestAsync(TimeProvider? time = null)
    {
        using ILoggerFactory loggers = Loggers();
        var hashes = new FileHashCache(_data, time ?? ShiftedTime.Later, loggers.CreateLogger("test"));
        var progress = new Bytes();
        Sha256Value digest = await ModelDigest.ComputeAsync(
            _model,
            2,
            hashes.HashAsync,
            progress,
            TestContext.Current.CancellationToken
        );
        hashes.Save();
        return (digest, progress.Read);
    }

    /// <summary>Until the file system's clock has another time than when the weights were written.</summary>
    private void PassATick()
    {
        string file = Path.Combine(_data, "tick");
        do File.WriteAllText(file, "");
        while (FileIdentity.Of(file)!.Value.Changed <= FileIdentity.Of(Weights)!.Value.Changed);
    }

    private ILoggerFactory Loggers() => LoggerFactory.Create(logging => logging.AddProvider(_log));

    /// <summary>The files are hashed side by side, so reports can arrive out of order.</summary>
    private sealed class Bytes : IProgress<ModelDigestProgress>
    {
        private readonly Lock _gate = new();

        public long Read { get; private set; }

        public void Report(ModelDigestProgress value)
        {
            lock (_gate)
                Read = Math.Max(Read, value.BytesRead);
        }
    }
}
