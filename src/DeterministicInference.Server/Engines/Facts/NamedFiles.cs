using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Finds what the value of an option (an argument, a variable, a member of a report) names outside itself: files,
/// folders and addresses. Their content changes answers, not their names. A part of a value is a name if it can be
/// nothing else (a path with a slash, an address, the ending of a file), if the option's own name says so
/// (<c>--grammar-file</c>, <c>_FOLDER</c>), or if a file or folder of that name is in the working directory, which the
/// engine inherits. The last does not hold for options that take one of an engine's own words, and for numbers.
/// </summary>
internal static partial class NamedFiles
{
    /// <summary>Words that options know which may also take a path: no files, whatever lies there.</summary>
    private static readonly string[] Known =
    [
        "all",
        "auto",
        "default",
        "disabled",
        "enabled",
        "false",
        "n/a",
        "no",
        "none",
        "null",
        "off",
        "on",
        "true",
        "yes",
    ];

    /// <summary>Whether values of an option name anything outside themselves.</summary>
    public static bool AreIn(string option, params IEnumerable<string> values)
    {
        bool any = false;
        Rewritten(
            option,
            values,
            name =>
            {
                any = true;
                return name;
            }
        );
        return any;
    }

    /// <summary>Whether words may name files or folders of the working directory.</summary>
    public static bool AreRelative(IEnumerable<string> words) =>
        words
            .SelectMany(word => Part().Matches(word))
            .Any(part => !Path.IsPathRooted(part.Value) && IsThere(part.Value));

    /// <summary>
    /// The hash of the values with the hash of its content in the place of each file's name, so that equal engines have
    /// it wherever their files are.
    /// </summary>
    /// <returns>Null if a name is of no small file that can be read.</returns>
    public static Sha256Value? HashOf(string option, params IEnumerable<string> values)
    {
        bool isWhole = true;
        string text = Rewritten(
            option,
            values,
            name =>
            {
                Sha256Value? hash = SmallFile.HashOf(name);
                isWhole &= hash is not null;
                return hash?.ToString() ?? "";
            }
        );
        return isWhole ? Sha256Value.Of(Encoding.UTF8.GetBytes(text)) : null;
    }

    private static string Rewritten(string option, IEnumerable<string> values, Func<string, string> replace) =>
        string.Join(' ', values.Select(value => Rewritten(OptionKinds.Of(option), value, replace)));

    private static string Rewritten(OptionKind kind, string value, Func<string, string> replace)
    {
        if (kind == OptionKind.Text)
            return PathText.IsPathOrUrl(value) ? replace(value) : value;
        if (kind == OptionKind.Paths && IsThere(value))
            return replace(value);
        if (value.StartsWith('{') || value.StartsWith('['))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(value);
                return JsonBytes.WriteText(json => Write(json, kind, document.RootElement, replace));
            }
            catch (JsonException)
            {
                // A text that begins as JSON does.
            }
        }
        return value.Contains("://", StringComparison.Ordinal) || IsThere(value)
            ? IsName(kind, value)
                ? replace(value)
                : value
            : Part().Replace(value, part => IsName(kind, part.Value) ? replace(part.Value) : part.Value);
    }

    private static void Write(Utf8JsonWriter json, OptionKind kind, JsonElement value, Func<string, string> replace)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    Write(json, OptionKinds.Of(member.Name), member.Value, replace);
                }
                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (JsonElement element in value.EnumerateArray())
                    Write(json, kind, element, replace);
                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                json.WriteStringValue(Rewritten(kind, value.GetString()!, replace));
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    private static bool IsName(OptionKind kind, string part)
    {
        if (part.Length == 0)
            return false;
        if (PathText.LooksLikePathOrUrl(part))
            return true;
        // The loader looks such a name up, and never in the working directory (ld.so(8), dlopen(3)); the libraries that
        // an engine has mapped are measured as such.
        if (kind != OptionKind.Paths && Library().IsMatch(part))
            return false;
        bool isWord =
            double.TryParse(part, CultureInfo.InvariantCulture, out _)
            || Known.Contains(part, StringComparer.OrdinalIgnoreCase);
        return kind == OptionKind.Paths
            ? !isWord || IsThere(part)
            : !isWord && (FileName().IsMatch(part) || (kind == OptionKind.Unknown && IsThere(part)));
    }

    private static bool IsThere(string name) => File.Exists(name) || Directory.Exists(name);

    /// <summary>What stands between separators: <c>file:0.5</c>, <c>name=file</c>, lists.</summary>
    [GeneratedRegex(@"[^:,;=\s]+")]
    private static partial Regex Part();

    [GeneratedRegex(@"^[^/]+\.so(\.\d+)*$")]
    private static partial Regex Library();

    /// <summary>A path with a folder, and names with the ending of a file that an engine reads.</summary>
    [GeneratedRegex(
        @"^[\w.@+~%-]+/[\w./@+~%-]*$|\.(gguf|gbnf|ebnf|lark|jsonl?|jinja2?|j2|ya?ml|toml|ini|cfg|conf|txt|py|bin|pth?"
            + @"|ckpt|safetensors|onnx|np[yz]|csv|tsv|pkl|db|cubin|ptx|hsaco)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex FileName();
}
