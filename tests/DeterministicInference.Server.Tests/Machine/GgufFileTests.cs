using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>A GGUF file that no engine can load is known by its header.</summary>
public sealed class GgufFileTests
{
    private readonly string _file = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");

    [Fact]
    public void A_whole_file_has_no_problem()
    {
        Assert.Null(ProblemOf(Encoding.ASCII.GetBytes(GgufBytes.Text())));
        Assert.Null(ProblemOf(Whole()));
        Assert.Null(ProblemOf([.. Whole(), 1, 2, 3]));
        // What is not there, and what is no file, is another finding.
        Assert.Null(GgufFile.ProblemOf("/nowhere"));
        Assert.Null(GgufFile.ProblemOf(Path.GetDirectoryName(_file)!));
    }

    /// <summary>Caches name files by their hash.</summary>
    [Fact]
    public void A_file_is_known_by_its_first_bytes_where_its_name_says_nothing()
    {
        string file = Path.Combine(Path.GetDirectoryName(_file)!, "sha256-0123");
        File.WriteAllText(file, GgufBytes.Text());
        Assert.Equal([file], ModelFactsReader.GgufFilesOf(file));
        File.WriteAllText(file, "GGU");
        Assert.Empty(ModelFactsReader.GgufFilesOf(file));
    }

    [Fact]
    public void A_real_model_has_no_problem_and_is_read_at_once()
    {
        string model = RealLlamaServer.Require().Model;
        long before = Stopwatch.GetTimestamp();
        Assert.Null(GgufFile.ProblemOf(model));
        Assert.True(Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(5));
        byte[] beginning = new byte[20_000_000];
        using (FileStream stream = File.OpenRead(model))
            stream.ReadExactly(beginning);
        Assert.StartsWith("is cut off: it has 20000000 bytes", ProblemOf(beginning), StringComparison.Ordinal);
        foreach (int length in (int[])[5, 23, 24, 100, 5000, 1_000_000])
            Assert.NotNull(ProblemOf(beginning[..length]));
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused()
    {
        byte[] whole = Whole();
        for (int length = 0; length < whole.Length; length++)
            Assert.NotNull(ProblemOf(whole[..length]));
        Assert.Equal(
            $"is cut off: it has {whole.Length - 1} bytes, and its tensors end at byte {whole.Length}",
            ProblemOf(whole[..^1])
        );
    }

    [Theory]
    [InlineData(0u, "is a GGUF file of version 0, and versions 2 and 3 are known")]
    [InlineData(1u, "is a GGUF file of version 1, and versions 2 and 3 are known")]
    [InlineData(4u, "is a GGUF file of version 4, and versions 2 and 3 are known")]
    [InlineData(0x0300_0000u, "is a GGUF file for machines of the other byte order")]
    [InlineData(0x0200_0000u, "is a GGUF file for machines of the other byte order")]
    public void Another_version_is_named(uint version, string problem) =>
        Assert.Equal(problem, ProblemOf(GgufBytes.Header(version, 0, 0).ToArray()));

    [Theory]
    [InlineData(ulong.MaxValue, 0)]
    [InlineData(0, ulong.MaxValue)]
    [InlineData(1UL << 40, 1UL << 40)]
    [InlineData(0, 1UL << 63)]
    [InlineData(100, 0)]
    public void Counts_beyond_the_file_are_refused_without_work(ulong tensors, ulong entries)
    {
        byte[] bytes = GgufBytes.Header(3, tensors, entries).Data(1000).ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.StartsWith("is damaged: ", ProblemOf(bytes), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Random_bytes_are_refused_or_left_to_the_engine_but_never_fail()
    {
        byte[] bytes = new byte[4096];
        for (int round = 0; round < 2000; round++)
        {
            for (int i = 0; i < bytes.Length; i += SHA256.HashSizeInBytes)
                SHA256.HashData(BitConverter.GetBytes((round * bytes.Length) + i), bytes.AsSpan(i));
            "GGUF"u8.CopyTo(bytes);
            Assert.NotNull(ProblemOf(bytes));
            // Behind a right version, with counts that fit.
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 3);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), (ulong)(round % 100));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (ulong)(1 + (round % 50)));
            Assert.NotNull(ProblemOf(bytes));
        }
    }

    [Fact]
    public void Lengths_lists_and_sizes_that_overflow_are_refused()
    {
        Assert.NotNull(ProblemOf(GgufBytes.Header(3, 0, 1).UInt64(ulong.MaxValue).Data(64).ToArray()));
        // A list of lists, a type that does not exist, a list that is longer than the file.
        foreach (
            (uint element, ulong count) in ((uint, ulong)[])[(9, 1), (13, 1), (8, ulong.MaxValue), (12, 1UL << 61)]
        )
        {
            byte[] list = GgufBytes
                .Header(3, 0, 1)
                .String("l")
                .UInt32(9)
                .UInt32(element)
                .UInt64(count)
                .Data(64)
                .ToArray();
            Assert.NotNull(ProblemOf(list));
        }
        const ulong half = 1UL << 32;
        Assert.StartsWith(
            "is cut off",
            ProblemOf(GgufBytes.Header(3, 1, 0).Tensor("t", 0, half, half, half, half).Data(64).ToArray()),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "is damaged: a tensor has too many dimensions",
            ProblemOf(GgufBytes.Header(3, 1, 0).Tensor("t", 0, 1, 1, 1, 1, 1).Data(64).ToArray())
        );
        Assert.Equal(
            "is damaged: a tensor is not aligned",
            ProblemOf(GgufBytes.Header(3, 1, 0).Tensor("t", 7, 1).Data(64).ToArray())
        );
    }

    [Fact]
    public void A_file_that_says_to_have_endless_entries_is_given_up_soon()
    {
        // Entries without names, of one byte, as many as the file has room for: nothing speaks against them.
        using (FileStream file = File.Create(_file))
        {
            file.Write(GgufBytes.Header(3, 0, 100_000_000).ToArray());
            file.SetLength(2_000_000_000);
        }
        long before = Stopwatch.GetTimestamp();
        Assert.Null(GgufFile.ProblemOf(_file));
        Assert.True(Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(20));
    }

    private static byte[] Whole() =>
        GgufBytes
            .Header(3, 2, 2)
            .Entry("general.architecture", "llama")
            .Entry("general.name", "tiny")
            .Tensor("a", 0, 8)
            .Tensor("b", 32, 4, 2)
            .Data(64)
            .ToArray();

    private string? ProblemOf(byte[] bytes)
    {
        File.WriteAllBytes(_file, bytes);
        return GgufFile.ProblemOf(_file);
    }
}
