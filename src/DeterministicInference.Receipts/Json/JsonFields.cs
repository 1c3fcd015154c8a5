using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace DeterministicInference.Receipts.Json;

/// <summary>The members of an object of a small signed document; each error names the member.</summary>
internal readonly struct JsonFields
{
    /// <summary>A time in UTC to the second.</summary>
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private const int MaxBytes = 4 << 20;

    private const int MaxDepth = 64;

    private readonly JsonElement _element;
    private readonly string _path;

    private JsonFields(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new ReceiptFormatException(path, "is not an object");
        (_element, _path) = (element, path);
    }

    /// <exception cref="ReceiptFormatException">
    /// Not one JSON value in UTF-8 without duplicate names, or too large or deep.
    /// </exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string what, int maxBytes = MaxBytes)
    {
        if (utf8.Length > maxBytes)
            throw new ReceiptFormatException(what, $"is larger than {maxBytes >> 20} MiB");
        if (!Utf8.IsValid(utf8.Span))
            throw new ReceiptFormatException(what, "is not UTF-8");
        try
        {
            return JsonDocument.Parse(
                utf8,
                new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = MaxDepth }
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a name.
            throw new ReceiptFormatException(
                what,
                $"is not JSON of at most {MaxDepth} levels, or an object in it has two members of the same name"
            );
        }
    }

    public static JsonFields Root(JsonDocument document, string what) => new(document.RootElement, what);

    public JsonFields Object(string name) => new(Value(name), Path(name));

    public JsonFields? ObjectOrNull(string name) => Value(name).ValueKind == JsonValueKind.Null ? null : Object(name);

    public JsonFields? ObjectIfPresent(string name) => _element.TryGetProperty(name, out _) ? Object(name) : null;

    /// <summary>The JSON text of an object.</summary>
    public byte[] ObjectText(string name)
    {
        Object(name);
        return JsonMarshal.GetRawUtf8Value(Value(name)).ToArray();
    }

    public bool Has(string name) => _element.TryGetProperty(name, out _);

    public JsonFields OnlyObjectOf(string name)
    {
        JsonElement array = Array(name);
        if (array.GetArrayLength() != 1)
            throw Wrong(name, "does not have exactly one element");
        return new JsonFields(array[0], Path(name) + "[0]");
    }

    public IEnumerable<JsonFields> ObjectsOf(string name)
    {
        string itemPath = Path(name) + "[]";
        return Array(name).EnumerateArray().Select(item => new JsonFields(item, itemPath));
    }

    public IEnumerable<string> Names() => _element.EnumerateObject().Select(member => member.Name);

    public IEnumerable<(string Name, JsonFields Value)> Objects()
    {
        string parent = _path;
        return _element
            .EnumerateObject()
            .Select(member => (member.Name, new JsonFields(member.Value, parent + "." + member.Name)));
    }

    public Dictionary<string, string> StringMap(string name)
    {
        JsonFields map = Object(name);
        return map
            ._element.EnumerateObject()
            .ToDictionary(
                member => member.Name,
                member => Text(member.Value) ?? throw map.Wrong(member.Name, "is not a string"),
                StringComparer.Ordinal
            );
    }

    public string String(string name) => Text(Value(name)) ?? throw Wrong(name, "is not a string");

    /// <summary>A string as UTF-8, without a second copy of it as UTF-16.</summary>
    public ReadOnlyMemory<byte> Utf8Text(string name)
    {
        JsonElement value = Value(name);
        if (value.ValueKind != JsonValueKind.String)
            throw Wrong(name, "is not a string");
        ReadOnlySpan<byte> escaped = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        if (JsonStrings.HasUnpairedSurrogate(escaped))
            throw Wrong(name, "is not a string");
        var text = new ArrayBufferWriter<byte>(escaped.Length + 1);
        JsonStrings.Write(escaped, text, quoted: false);
        return text.WrittenMemory;
    }

    public string? StringIfPresent(string name) => _element.TryGetProperty(name, out _) ? String(name) : null;

    public IEnumerable<string> Strings(string name)
    {
        string itemPath = Path(name) + "[]";
        return Array(name)
            .EnumerateArray()
            .Select(item => Text(item) ?? throw new ReceiptFormatException(itemPath, "is not a string"));
    }

    public bool Boolean(string name) =>
        Value(name).ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "is not true or false"),
        };

    public Sha256Value Hash(string name) =>
        Sha256Value.TryParse(Text(Value(name)), out Sha256Value hash)
            ? hash
            : throw Wrong(name, "is not 64 lower-case hexadecimal digits");

    public Sha256Value? HashOrNull(string name) => Value(name).ValueKind == JsonValueKind.Null ? null : Hash(name);

    public byte[] Base64(string name) =>
        Base64Text.TryDecode(String(name), out byte[]? bytes) ? bytes : throw Wrong(name, "is not base64");

    public byte[]? Base64IfPresent(string name) => _element.TryGetProperty(name, out _) ? Base64(name) : null;

    /// <summary>A whole number from 0 on.</summary>
    public long Count(string name) =>
        IsCount(Value(name), out long count) ? count : throw Wrong(name, "is not a whole number from 0");

    public long? CountOrNull(string name) => Value(name).ValueKind == JsonValueKind.Null ? null : Count(name);

    public string? StringOrNull(string name) => Value(name).ValueKind == JsonValueKind.Null ? null : String(name);

    /// <summary>Requires that there are no other members: a misspelt one would be passed over.</summary>
    public void RequireOnly(params ReadOnlySpan<string> known)
    {
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            if (!known.Contains(member.Name))
                throw Wrong(member.Name, "is not known: the form has only " + string.Join(", ", known));
        }
    }

    public IReadOnlyList<int> Counts(string name)
    {
        var counts = new List<int>();
        foreach (JsonElement item in Array(name).EnumerateArray())
        {
            if (!IsCount(item, out long count) || count > int.MaxValue)
                throw Wrong(name, "is not a list of whole numbers from 0");
            counts.Add((int)count);
        }
        return counts;
    }

    public DateTimeOffset Time(string name) =>
        DateTimeOffset.TryParseExact(
            Text(Value(name)),
            TimeFormat,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset time
        )
            ? time
            : throw Wrong(name, "is not a time in UTC to the second, such as 2026-11-22T10:11:12Z");

    public T Named<T>(string name, IReadOnlyDictionary<string, T> names) =>
        names.TryGetValue(String(name), out T? value)
            ? value
            : throw Wrong(name, $"is none of {string.Join(", ", names.Keys)}");

    public ReceiptFormatException Wrong(string name, string what, bool isUnknownVersion = false) =>
        new(Path(name), what) { IsUnknownVersion = isUnknownVersion };

    private JsonElement Array(string name)
    {
        JsonElement value = Value(name);
        return value.ValueKind == JsonValueKind.Array ? value : throw Wrong(name, "is not an array");
    }

    private JsonElement Value(string name) =>
        _element.TryGetProperty(name, out JsonElement value) ? value : throw Wrong(name, "is missing");

    private string Path(string name) => _path + "." + name;

    /// <summary>Null for another type, and for half of a surrogate pair.</summary>
    private static string? Text(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsCount(JsonElement value, out long count)
    {
        count = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out count) && count >= 0;
    }
}
