using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// A distribution that is installed for an interpreter
/// (https://packaging.python.org/en/latest/specifications/recording-installed-packages).
/// </summary>
/// <param name="Name">Its name, normalised as in PEP 503.</param>
/// <param name="Version">Its version.</param>
/// <param name="Record">
/// Hash of what its RECORD says of its files; null where there is none, as for packages of a Linux distribution.
/// </param>
/// <param name="IsEditable">Whether it is a link to a folder with sources, which can change.</param>
internal sealed partial record PythonDistribution(string Name, string Version, Sha256Value? Record, bool IsEditable)
{
    /// <summary>
    /// Files that installers write for themselves, with paths or times in them; scripts, whose first line has the path
    /// of the environment, lie outside the folder of the packages.
    /// </summary>
    private static readonly string[] LeftOut = ["/INSTALLER", "/REQUESTED", "/RECORD", "/direct_url.json"];

    /// <summary>One line for all of it, without its place.</summary>
    public string Line => $"{Name} {Version} {(Record is { } hash ? hash.ToString() : "-")}";

    /// <param name="name">Its name as written.</param>
    /// <param name="version">Its version.</param>
    /// <param name="folder">The folder with its metadata; empty if unknown.</param>
    public static PythonDistribution Read(string name, string version, string folder)
    {
        Sha256Value? record = null;
        bool isEditable = false;
        try
        {
            if (folder.Length > 0 && File.Exists(Path.Combine(folder, "RECORD")))
                record = HashOf(File.ReadLines(Path.Combine(folder, "RECORD")));
            isEditable =
                folder.Length > 0
                && File.Exists(Path.Combine(folder, "direct_url.json"))
                && IsEditableUrl(File.ReadAllBytes(Path.Combine(folder, "direct_url.json")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As if it had none: other machines see the same.
        }
        return new PythonDistribution(Normal(name), version, record, isEditable);
    }

    /// <summary>A name as all spellings of it are compared.</summary>
    public static string Normal(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    private static Sha256Value HashOf(IEnumerable<string> lines) =>
        Sha256Value.Of(
            Encoding.UTF8.GetBytes(
                string.Concat(
                    lines
                        .Where(line => line.Length > 0 && IsCounted(line.Split(',')[0].Trim('"')))
                        .Order(StringComparer.Ordinal)
                        .Select(line => line + "\n")
                )
            )
        );

    private static bool IsCounted(string path) =>
        !path.StartsWith("../", StringComparison.Ordinal)
        && !path.StartsWith('/')
        && !path.EndsWith(".pyc", StringComparison.Ordinal)
        && !LeftOut.Any(name => path.EndsWith(".dist-info" + name, StringComparison.Ordinal));

    /// <summary>https://packaging.python.org/en/latest/specifications/direct-url.</summary>
    private static bool IsEditableUrl(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("dir_info", out JsonElement folder)
                && folder.ValueKind == JsonValueKind.Object
                && folder.TryGetProperty("editable", out JsonElement editable)
                && editable.ValueKind == JsonValueKind.True;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();
}
