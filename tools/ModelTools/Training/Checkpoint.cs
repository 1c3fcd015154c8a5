using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// A training state on disk, from which a run goes on bit for bit. Little-endian: magic, recipe identity, step, next
/// document, tokens, both beta powers, weights, first and second moments, SHA-256 of all that.
/// </summary>
internal static class Checkpoint
{
    private const string FileName = "checkpoint.bin";
    private static readonly byte[] Magic = "DIS-TRAIN-1\n"u8.ToArray();

    /// <summary>Writes the state; a crash leaves the previous checkpoint or this one.</summary>
    public static void Save(string folder, TrainingRecipe recipe, TrainingState state)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, FileName);
        string unfinished = path + ".tmp";
        using (FileStream file = new(unfinished, FileMode.Create, FileAccess.Write))
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (
                ReadOnlyMemory<byte> part in (ReadOnlyMemory<byte>[])
                    [Magic, Encoding.ASCII.GetBytes(recipe.Identity), Header(state)]
            )
            {
                Append(file, hash, part.Span);
            }
            foreach (NativeBuffer buffer in Buffers(state))
                Append(file, hash, MemoryMarshal.AsBytes(buffer.Span));
            file.Write(hash.GetHashAndReset());
            file.Flush(flushToDisk: true);
        }
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Reads the folder's checkpoint, or returns null when there is none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or belongs to another recipe.</exception>
    public static TrainingState? TryLoad(string folder, TrainingRecipe recipe, ParameterLayout layout)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        byte[] bytes = File.ReadAllBytes(path);
        ReadOnlySpan<byte> rest = bytes;
        int length = Magic.Length + 64 + HeaderLength + 3 * layout.Length * sizeof(float) + SHA256.HashSizeInBytes;
        if (!rest.StartsWith(Magic))
            throw new InvalidDataException($"{path} is not a checkpoint.");
        if (!rest.Slice(Magic.Length, 64).SequenceEqual(Encoding.ASCII.GetBytes(recipe.Identity)))
        {
            throw new InvalidDataException(
                $"{path} belongs to another recipe; remove it or train into another folder."
            );
        }
        if (
            rest.Length != length
            || !SHA256.HashData(rest[..^SHA256.HashSizeInBytes]).AsSpan().SequenceEqual(rest[^SHA256.HashSizeInBytes..])
        )
        {
            throw new InvalidDataException($"{path} is damaged.");
        }
        rest = rest[(Magic.Length + 64)..];
        TrainingState state = TrainingState.CreateEmpty(layout);
        state.Step = (int)MemoryMarshal.Read<long>(rest);
        state.NextDocument = MemoryMarshal.Read<long>(rest[8..]);
        state.Tokens = MemoryMarshal.Read<long>(rest[16..]);
        state.Beta1Power = MemoryMarshal.Read<double>(rest[24..]);
        state.Beta2Power = MemoryMarshal.Read<double>(rest[32..]);
        rest = rest[HeaderLength..];
        foreach (NativeBuffer buffer in Buffers(state))
        {
            Span<byte> target = MemoryMarshal.AsBytes(buffer.Span);
            rest[..target.Length].CopyTo(target);
            rest = rest[target.Length..];
        }
        return state;
    }

    private const int HeaderLength = 5 * sizeof(long);

    private static byte[] Header(TrainingState state)
    {
        byte[] header = new byte[HeaderLength];
        MemoryMarshal.Write(header, (long)state.Step);
        MemoryMarshal.Write(header.AsSpan(8), state.NextDocument);
        MemoryMarshal.Write(header.AsSpan(16), state.Tokens);
        MemoryMarshal.Write(header.AsSpan(24), state.Beta1Power);
        MemoryMarshal.Write(header.AsSpan(32), state.Beta2Power);
        return header;
    }

    private static NativeBuffer[] Buffers(TrainingState state) =>
        [state.Weights, state.FirstMoments, state.SecondMoments];

    private static void Append(FileStream file, IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        file.Write(bytes);
        hash.AppendData(bytes);
    }
}
