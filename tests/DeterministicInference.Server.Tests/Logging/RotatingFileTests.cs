using DeterministicInference.Server.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Logging;

/// <summary>A log file that grows, or that another program moves, deletes or truncates. Lines have ten bytes.</summary>
public sealed class RotatingFileTests
{
    private readonly string _path = Path.Combine(TestModels.NewFolder("rotation"), "server.log");

    [Fact]
    public void The_active_file_keeps_its_name_and_older_ones_are_numbered_from_the_newest()
    {
        Write(maxBytes: 30, count: 3, 0..11);
        Assert.Equal("server.log 9 10|server.log.1 6 7 8|server.log.2 3 4 5", Describe());
    }

    [Fact]
    public void A_single_file_is_truncated_at_its_limit()
    {
        Write(maxBytes: 30, count: 1, 0..7);
        Assert.Equal("server.log 6", Describe());
    }

    [Fact]
    public void A_file_of_an_earlier_start_goes_on_and_counts()
    {
        Write(maxBytes: 30, count: 3, 0..2);
        Write(maxBytes: 30, count: 3, 2..5);
        Assert.Equal("server.log 3 4|server.log.1 0 1 2", Describe());
    }

    [Fact]
    public void Files_beyond_a_smaller_count_go()
    {
        Write(maxBytes: 10, count: 5, 0..5);
        Write(maxBytes: 10, count: 2, 5..6);
        Assert.Equal("server.log 5|server.log.1 4", Describe());
    }

    [Fact]
    public void A_line_that_is_longer_than_a_file_is_kept_whole()
    {
        using (var file = new RotatingFile(_path, 30, 3))
        {
            file.Open();
            Assert.True(file.TryWrite(Line(0)));
            Assert.True(file.TryWrite(new string('x', 99) + "\n"));
            Assert.True(file.TryWrite(Line(1)));
        }
        Assert.Equal(
            [Line(1), new string('x', 99) + "\n", Line(0)],
            ((string[])["", ".1", ".2"]).Select(suffix => File.ReadAllText(_path + suffix))
        );
    }

    [Theory]
    [InlineData("moved", "server.log 1|server.log.old 0")]
    [InlineData("replaced", "server.log 1|server.log.old 0")]
    [InlineData("deleted", "server.log 1")]
    [InlineData("emptied", "server.log 1")]
    public void A_file_that_another_program_removed_is_reopened(string how, string expected)
    {
        using (var file = new RotatingFile(_path, 1000, 3))
        {
            file.Open();
            Assert.True(file.TryWrite(Line(0)));
            if (how is "moved" or "replaced")
                File.Move(_path, _path + ".old");
            if (how == "replaced")
                File.Create(_path).Dispose();
            if (how == "deleted")
                File.Delete(_path);
            if (how == "emptied")
                new FileStream(_path, FileMode.Truncate).Dispose();
            file.Refresh();
            Assert.True(file.TryWrite(Line(1)));
        }
        Assert.Equal(expected, Describe());
    }

    [Fact]
    public void A_folder_that_vanished_costs_lines_until_it_is_back()
    {
        string folder = Path.GetDirectoryName(_path)!;
        using (var file = new RotatingFile(_path, 1000, 3))
        {
            file.Open();
            Assert.True(file.TryWrite(Line(0)));
            Directory.Delete(folder, recursive: true);
            file.Refresh();
            Assert.False(file.TryWrite(Line(1)));
            Directory.CreateDirectory(folder);
            Assert.True(file.TryWrite(Line(2)));
        }
        Assert.Equal("server.log 2", Describe());
    }

    [Fact]
    public void A_link_stays_and_the_file_behind_it_is_numbered()
    {
        string link = Path.Combine(TestModels.NewFolder("link"), "link.log");
        File.WriteAllText(_path, "");
        File.CreateSymbolicLink(link, _path);
        using (var file = new RotatingFile(link, 10, 2))
        {
            file.Open();
            Assert.True(file.TryWrite(Line(0)));
            file.Refresh();
            Assert.True(file.TryWrite(Line(1)));
        }
        Assert.Equal(_path, new FileInfo(link).LinkTarget);
        Assert.Equal("server.log 1|server.log.1 0", Describe());
    }

    [Fact]
    public void A_file_that_can_not_be_renamed_grows_and_says_so()
    {
        // A folder at the target: not even root can rename a file over it.
        Directory.CreateDirectory(_path + ".1");
        using (var file = new RotatingFile(_path, 20, 2))
        {
            file.Open();
            // Reported once, and retried after another full size.
            bool[] told = [.. Enumerable.Range(0, 5).Select(i => file.TryWrite(Line(i)) && file.TakeRotationFailure())];
            Assert.Equal([false, false, true, false, true], told);
        }
        Assert.Equal("server.log 0 1 2 3 4", Describe());
    }

    [Fact]
    public void Without_room_a_line_is_refused()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "skipped: needs /dev/full");
        using var file = new RotatingFile("/dev/full", 1000, 3);
        file.Open();
        Assert.False(file.TryWrite(Line(0)));
        file.Refresh();
        Assert.False(file.TryWrite(Line(1)));
        Assert.True(File.Exists("/dev/full"));
    }

    private static string Line(int number) => $"line {number, 4}\n";

    private void Write(long maxBytes, int count, Range numbers)
    {
        using var file = new RotatingFile(_path, maxBytes, count);
        file.Open();
        for (int i = numbers.Start.Value; i < numbers.End.Value; i++)
            Assert.True(file.TryWrite(Line(i)));
    }

    /// <summary>Every file with the numbers of its lines.</summary>
    private string Describe() =>
        string.Join(
            '|',
            Directory
                .GetFiles(Path.GetDirectoryName(_path)!)
                .Order(StringComparer.Ordinal)
                .Select(file =>
                    $"{Path.GetFileName(file)} "
                    + $"{string.Join(' ', File.ReadLines(file).Select(line => int.Parse(line.AsSpan(5), null)))}"
                )
        );
}
