using System.Runtime.InteropServices;
using System.Text;

namespace DeterministicInference.Server.Native;

/// <summary>A null-terminated array of C strings, for the arguments or the environment of a process.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly List<nint> _owned = [];
    private readonly List<nint> _entries = [];
    private byte** _array;

    public NativeStrings() { }

    public NativeStrings(IEnumerable<string> strings)
    {
        foreach (string s in strings)
            Add(s);
    }

    /// <summary>The array; valid until the next <c>Add</c> or Dispose.</summary>
    public byte** Pointer
    {
        get
        {
            NativeMemory.Free(_array);
            _array = (byte**)NativeMemory.AllocZeroed((nuint)_entries.Count + 1, (nuint)sizeof(byte*));
            for (int i = 0; i < _entries.Count; i++)
                _array[i] = (byte*)_entries[i];
            return _array;
        }
    }

    /// <summary>Adds a copy of a string as UTF-8.</summary>
    /// <exception cref="ArgumentException">The string contains a NUL, which would truncate it silently.</exception>
    public void Add(string text)
    {
        if (text.Contains('\0'))
            throw new ArgumentException("An argument or environment variable contains a NUL character.", nameof(text));
        int length = Encoding.UTF8.GetByteCount(text);
        byte* copy = (byte*)NativeMemory.Alloc((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(copy, length));
        copy[length] = 0;
        _owned.Add((nint)copy);
        _entries.Add((nint)copy);
    }

    /// <summary>Adds a string that the caller owns and keeps.</summary>
    public void Add(byte* text) => _entries.Add((nint)text);

    public void Dispose()
    {
        foreach (nint text in _owned)
            NativeMemory.Free((void*)text);
        NativeMemory.Free(_array);
        _array = null;
        _owned.Clear();
        _entries.Clear();
    }
}
