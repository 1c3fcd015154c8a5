using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>Which files a process executes, from its maps.</summary>
public sealed class MappedFilesTests
{
    private const string Maps = """
        55d0-55d1 r--p 00000000 08:01 11 /usr/bin/engine
        55d1-55d2 r-xp 00001000 08:01 11 /usr/bin/engine
        7f00-7f01 r-xp 00000000 08:01 12 /usr/lib/lib with a space.so.1
        7f01-7f02 r-xp 00000000 08:01 12 /usr/lib/lib with a space.so.1
        7f02-7f03 r--p 00000000 08:01 13 /models/weights.gguf
        7f03-7f04 r-xp 00000000 08:01 14 /usr/lib/libold.so (deleted)
        7f04-7f05 r-xp 00000000 08:01 15 /usr/lib/libreplaced.so
        7f05-7f06 rwxs 00000000 00:01 16 /memfd:doublemapper (deleted)
        7f06-7f07 r-xp 00000000 00:06 17 /dev/nvidia0
        7f07-7f08 rwxp 00000000 00:00 0
        7fff-8000 r-xp 00000000 00:00 0 [vdso]

        """;

    [Fact]
    public void They_are_the_executable_and_the_libraries_and_what_was_replaced_is_known()
    {
        IEnumerable<MappedFile> files = MappedFiles.Parse(
            Maps,
            "/seen-by-7",
            path => new FileIdentity(1, 1, 1, path.EndsWith("/engine", StringComparison.Ordinal) ? 11UL : 12UL, 1)
        );
        Assert.Equal(
            [
                ("/seen-by-7/usr/bin/engine", true),
                ("/seen-by-7/usr/lib/lib with a space.so.1", true),
                ("/seen-by-7/usr/lib/libold.so", false),
                ("/seen-by-7/usr/lib/libreplaced.so", false),
            ],
            files.Select(file => (file.Path, file.IsThere))
        );
    }

    [Fact]
    public void Of_this_process_the_runtime_is_seen()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        IReadOnlyList<MappedFile> files = MappedFiles.Of(Environment.ProcessId)!;
        Assert.Contains(files, file => file.Name == "libcoreclr.so" && file.IsThere);
        Assert.Equal(Environment.ProcessPath, MappedFiles.Executable(Environment.ProcessId));
        Assert.Null(MappedFiles.Of(int.MaxValue));
    }
}
