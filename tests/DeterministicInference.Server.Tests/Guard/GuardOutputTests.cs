using System.Text;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>The engine's output arrives as lines, whatever it contains, and never blocks the engine.</summary>
public sealed class GuardOutputTests
{
    [Fact]
    public async Task Output_and_errors_both_come_through_complete_before_the_exit()
    {
        await using TestEngine engine = TestEngine.Start(
            "sh",
            "-c",
            "seq 1 20000; seq 20001 20010 >&2; printf 'no end'"
        );
        Assert.Equal(new EngineExit.Exited(0), await engine.ExitAsync());
        Assert.Equal(["no end"], engine.Lines.Where(line => !int.TryParse(line, out _)));
        IEnumerable<int> numbers = engine.Lines.Where(line => line != "no end").Select(line => int.Parse(line, null));
        Assert.Equal(Enumerable.Range(1, 20000), numbers.Where(number => number <= 20000));
        Assert.Equal(Enumerable.Range(20001, 10), numbers.Where(number => number > 20000));
    }

    [Fact]
    public async Task Long_lines_come_in_pieces_and_garbage_as_text()
    {
        using var folder = new TemporaryStateFolder();
        string file = Path.Combine(folder.Path, "output");
        byte[] everyByte = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
        // An odd offset puts the cut inside a character of two bytes.
        string umlauts = "x" + new string('ä', 20_000);
        await File.WriteAllBytesAsync(
            file,
            [
                .. everyByte,
                (byte)'\n',
                .. Encoding.UTF8.GetBytes(umlauts),
                (byte)'\n',
                .. "10%\r20%\r\n\ntab\there\u001b[31mred"u8,
            ],
            TestContext.Current.CancellationToken
        );
        await using TestEngine engine = TestEngine.Start("cat", file);
        Assert.Equal(new EngineExit.Exited(0), await engine.ExitAsync());
        IReadOnlyList<string> lines = engine.Lines;
        Assert.DoesNotContain(lines, line => line.Any(c => char.IsControl(c) && c != '\t'));
        int first = lines.ToList().FindIndex(line => line.StartsWith("xä", StringComparison.Ordinal));
        Assert.Equal(umlauts, string.Concat(lines.Skip(first).Take(3)));
        Assert.Equal([16383, 16384, 7234], lines.Skip(first).Take(3).Select(Encoding.UTF8.GetByteCount));
        Assert.Equal(["10%", "20%", "tab\there\uFFFD[31mred"], lines.Skip(first + 3));
        // Line feed and carriage return end lines; the rest of the 256 values is there, as text or as replacements.
        Assert.Contains(
            lines.Take(first),
            line => line.Contains(" !\"#$%&'()*+,-./0123456789", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_line_without_end_is_cut_and_the_dropped_length_is_reported()
    {
        // 100,000 characters of three bytes: a cut every 16 KiB falls inside one, also the last.
        await using TestEngine engine = TestEngine.Start(
            "sh",
            "-c",
            "yes '\u20ac' | head -n 100000 | tr -d '\\n'; echo; echo next"
        );
        Assert.Equal(new EngineExit.Exited(0), await engine.ExitAsync());
        string text = string.Concat(engine.Lines.SkipLast(2));
        Assert.Equal(new string('\u20ac', text.Length), text);
        Assert.Equal(LineSplitter.MostPieces, engine.Lines.Count - 2);
        Assert.Equal(
            [$"[{300_000 - Encoding.UTF8.GetByteCount(text)} more bytes of this line left out]", "next"],
            engine.Lines.TakeLast(2)
        );
    }

    [Fact]
    public async Task Output_that_is_not_read_does_not_block_the_engine_and_the_loss_is_reported()
    {
        using var released = new ManualResetEventSlim();
        var lines = new List<string>();
        var launch = new EngineLaunch(
            "sh",
            ["-c", "yes 0123456789 | head -n 1000000; exit 5"],
            new Dictionary<string, string>()
        );
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestEngine engine = TestEngine.Start(
            launch,
            line =>
            {
                released.Wait(Limits.Overall);
                lines.Add(line);
                if (line.StartsWith('['))
                    told.TrySetResult(line);
            }
        );
        Assert.Equal(new EngineExit.Exited(5), await engine.ExitAsync());
        Assert.Empty(lines);
        released.Set();
        string remark = await told.Task.Within();
        int dropped = int.Parse(remark.AsSpan(1, remark.IndexOf(' ', StringComparison.Ordinal) - 1), null);
        Assert.InRange(dropped, 1, 999_999);
    }

    [Fact]
    public async Task A_flood_does_not_delay_the_stop()
    {
        await using TestEngine engine = TestEngine.Start(
            new EngineLaunch("sh", ["-c", "yes & yes >&2 & wait"], new Dictionary<string, string>()),
            _ => { }
        );
        await engine.Processes.WaitForAsync("yes", 2);
        await engine.Process.StopAsync(TimeSpan.FromMinutes(10), CancellationToken.None).Within();
        Assert.Equal(new EngineExit.Signaled(15), await engine.ExitAsync());
    }
}
