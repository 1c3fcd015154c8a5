using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A disk of a few megabytes on a folder, seen only by the process that is started with it and by those it starts: a
/// tmpfs in a mount namespace of its own. It disappears with them.
/// </summary>
internal sealed class SmallDisk(string folder, int bytes)
{
    private const string Filler = "filler";

    /// <summary>A command that ends with executing its arguments; the process keeps its number.</summary>
    public string[] Prefix { get; } =
    ["unshare", "-rm", "sh", "-c", $"mount -t tmpfs -o mode=700,size={bytes} none \"$0\" && exec \"$@\"", folder];

    /// <summary>Skips the test if the machine does not allow it.</summary>
    public static async Task RequireAsync()
    {
        bool isPossible = OperatingSystem.IsLinux() && InstalledProgram.Exists("unshare");
        if (isPossible)
        {
            string[] command = new SmallDisk("/mnt", 1 << 20).Prefix;
            isPossible = (await InstalledProgram.RunAsync(command[0], [.. command[1..], "true"])).ExitCode == 0;
        }
        Assert.SkipUnless(isPossible, "skipped: needs a mount namespace of its own (unshare -rm)");
    }

    /// <summary>Fills the disk, or takes a number of bytes.</summary>
    /// <param name="pid">A process that sees it.</param>
    /// <param name="count">How many bytes.</param>
    public void Fill(int pid, int count = int.MaxValue)
    {
        using var file = new FileStream(
            SeenBy(pid),
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            bufferSize: 0
        );
        byte[] block = new byte[4096];
        try
        {
            for (int written = 0; written < count; written += block.Length)
                file.Write(block);
        }
        catch (IOException) when (count == int.MaxValue)
        {
            // The disk is full.
        }
    }

    /// <summary>Frees what</summary>
    /// <param name="pid">A process that sees it.</param>
    public void Free(int pid) => File.Delete(SeenBy(pid));

    private string SeenBy(int pid) => $"/proc/{pid}/root{folder}/{Filler}";
}
