using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>The token ids of an answer as lists, and the digests of their chains.</summary>
internal sealed class SecondTokens
{
    private readonly SortedDictionary<long, List<uint>> _choices = [],
        _prompts = [];
    private bool? _isOtherName;
    private bool _isInChoices,
        _isInExtension,
        _isPartial,
        _hasTextAlone;

    public void AddPrompt(long prompt, JsonElement value)
    {
        if (Ids(value) is not { } ids)
            return;
        if (_prompts.TryGetValue(prompt, out List<uint>? first))
            _isPartial |= !first.SequenceEqual(ids);
        else
            _prompts.Add(prompt, ids);
    }

    public void AddChoice(long choice, JsonElement value)
    {
        if (Ids(value) is not { } ids)
            return;
        _isInChoices = true;
        if (!_choices.TryGetValue(choice, out List<uint>? list))
            _choices.Add(choice, list = []);
        list.AddRange(ids);
    }

    public void AddLists(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            _isPartial = true;
            return;
        }
        int choice = 0;
        foreach (JsonElement list in value.EnumerateArray())
        {
            if (Ids(list) is { } ids)
            {
                _isInExtension = true;
                _isPartial |= !_choices.TryAdd(choice, ids);
            }
            choice++;
        }
    }

    /// <summary>All of an element of choices was read.</summary>
    public void EndChoice(long choice, bool hasIds, bool hasOtherIds, bool hasText, bool hasFinish)
    {
        _isPartial |= hasIds && hasOtherIds;
        if (hasIds || hasOtherIds)
            _isPartial |= (_isOtherName ??= hasOtherIds) != hasOtherIds;
        if (!hasText || hasIds || hasOtherIds || hasFinish)
            return;
        _hasTextAlone = true;
        _isPartial |= _isInExtension && _choices.ContainsKey(choice);
    }

    public string? Choices(int count, long counted, byte[] salt)
    {
        bool isPartial = IsPartial() || _choices.Values.Sum(list => (long)list.Count) < counted;
        if (isPartial || !IsComplete(_choices, count))
            return null;
        byte[] derived = Derive(salt, "tokens");
        var lines = new StringBuilder("dis-tokens/2\n");
        foreach ((long index, List<uint> ids) in _choices)
        {
            byte[] link = SHA256.HashData([.. "dis-tokens/2\n"u8, .. derived, .. Big((uint)index)]);
            foreach (uint id in ids)
                link = SHA256.HashData([.. link, .. Big(id)]);
            lines.Append(CultureInfo.InvariantCulture, $"{index} {ids.Count} {Convert.ToHexStringLower(link)}\n");
        }
        return Hash(Encoding.ASCII.GetBytes(lines.ToString()));
    }

    public string? Prompts(long last, byte[] salt) =>
        IsPartial() || last < 0 || !IsComplete(_prompts, last + 1)
            ? null
            : Hash([
                .. "dis-prompt/2\n"u8,
                .. Derive(salt, "prompt"),
                .. Encoding.ASCII.GetBytes(
                    string.Concat(
                        _prompts.Select(prompt =>
                            $"{prompt.Key} {prompt.Value.Count} {Hash([.. prompt.Value.SelectMany(Big)])}\n"
                        )
                    )
                ),
            ]);

    /// <summary>Both ways are one too many, and beside ids in choices no text stands alone.</summary>
    private bool IsPartial() => _isPartial || (_isInChoices && (_isInExtension || _hasTextAlone));

    private List<uint>? Ids(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            var ids = new List<uint>();
            foreach (JsonElement id in value.EnumerateArray())
            {
                string text = id.GetRawText();
                if (text.All(char.IsAsciiDigit) && uint.TryParse(text, CultureInfo.InvariantCulture, out uint number))
                    ids.Add(number);
                else
                    _isPartial = true;
            }
            return ids;
        }
        _isPartial = true;
        return null;
    }

    private static bool IsComplete(SortedDictionary<long, List<uint>> lists, long count) =>
        count > 0 && lists.Count == count && lists.Keys.Last() == count - 1;

    /// <summary>The first block of HKDF-Expand (RFC 5869).</summary>
    private static byte[] Derive(byte[] salt, string label) =>
        HMACSHA256.HashData(salt, Encoding.ASCII.GetBytes($"dis-salt/1 {label}\u0001"));

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Big(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
