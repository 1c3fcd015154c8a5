using System.Buffers.Binary;

namespace DeterministicInference.Server.Transparency;

/// <summary>Entries one after the other, each behind its length in two bytes (https://c2sp.org/tlog-tiles).</summary>
internal static class EntryBundle
{
    /// <summary>Takes the first entry of a bundle; false if there is no whole one.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bundle, out ReadOnlySpan<byte> entry)
    {
        entry = default;
        if (bundle.Length < sizeof(ushort))
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bundle);
        if (bundle.Length - sizeof(ushort) < length)
            return false;
        entry = bundle.Slice(sizeof(ushort), length);
        bundle = bundle[(sizeof(ushort) + length)..];
        return true;
    }

    /// <summary>The last entry of a bundle; empty if there is none.</summary>
    public static byte[] Last(ReadOnlySpan<byte> bundle)
    {
        byte[] last = [];
        while (TryTake(ref bundle, out ReadOnlySpan<byte> entry))
            last = entry.ToArray();
        return last;
    }
}
