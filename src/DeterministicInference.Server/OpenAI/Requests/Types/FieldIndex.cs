using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>Finds the row of a member by name without allocating a string.</summary>
internal sealed class FieldIndex
{
    private readonly Dictionary<string, Field> _fields;
    private readonly Dictionary<string, Field>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;

    /// <param name="fields">Rows with distinct names.</param>
    public FieldIndex(IEnumerable<Field> fields)
    {
        _fields = fields.ToDictionary(field => field.Name, Utf8Names.Instance);
        _byBytes = _fields.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The row of a name; null if the table does not have it.</summary>
    public Field? Find(string name) => _fields.GetValueOrDefault(name);

    /// <summary>The row of a member; null if the table does not have it.</summary>
    public Field? Find(JsonProperty member)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(member);
        if (raw.Contains((byte)'\\'))
            return _fields.GetValueOrDefault(member.Name);
        return _byBytes.TryGetValue(raw, out Field? field) ? field : null;
    }

    /// <summary>
    /// Compares names as UTF-8. Only the table's own names are stored, so no client can cause collisions.
    /// </summary>
    private sealed class Utf8Names : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
    {
        // FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
        private const uint Basis = 2166136261,
            Prime = 16777619;

        public static readonly Utf8Names Instance = new();

        public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

        public bool Equals(ReadOnlySpan<byte> alternate, string other) => Ascii.Equals(alternate, other);

        public int GetHashCode(string text)
        {
            uint hash = Basis;
            foreach (char unit in text)
                hash = (hash ^ unit) * Prime;
            return (int)hash;
        }

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            uint hash = Basis;
            foreach (byte unit in alternate)
                hash = (hash ^ unit) * Prime;
            return (int)hash;
        }

        public string Create(ReadOnlySpan<byte> alternate) => Encoding.UTF8.GetString(alternate);
    }
}
