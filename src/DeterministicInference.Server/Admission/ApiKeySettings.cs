using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Admission;

/// <summary>The keys of <c>--api-key</c> and <c>--api-key-file</c>, and what is wrong with them.</summary>
internal sealed class ApiKeySettings
{
    /// <summary>Longest label: it stands in every line of the log.</summary>
    private const int LongestLabel = 64;

    private readonly List<ApiKey> _keys = [];
    private readonly List<(string Setting, string Complaint)> _problems = [];
    private readonly HashSet<string> _digests = [];
    private int _unlabelled;

    private ApiKeySettings()
    {
    }

    public IReadOnlyList<ApiKey> Keys => _keys;

    /// <summary>Settings that can't be used, each with a complaint that continues the sentence "'value' …" and holds no key.</summary>
    public IReadOnlyList<(string Setting, string Complaint)> Problems => _problems;

    /// <summary>What works and should be mended, in the same form.</summary>
    public IReadOnlyList<(string Setting, string Complaint)> Warnings { get; private set; } = [];

    /// <summary>Reads the file, where there is one.</summary>
    public static ApiKeySettings Read(InferenceOptions options)
    {
        var settings = new ApiKeySettings();
        foreach (string key in options.ApiKey)
        {
            if (!ApiKey.IsWord(key)) settings.Complain(nameof(InferenceOptions.ApiKey), "has a key with a space, a control or a non-ASCII character. Give keys of visible ASCII characters.");
            else if (!settings.Add(null, key)) settings.Complain(nameof(InferenceOptions.ApiKey), "has the same key twice. Remove one of the two.");
        }
        if (options.ApiKeyFile is { } path) settings.ReadFile(path);
        return settings;
    }

    private void ReadFile(string path)
    {
        if (Directory.Exists(path))
        {
            ComplainOfFile("is a folder. Give the path of a file with one key per line.");
            return;
        }
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0)
            {
                Warnings = [(nameof(InferenceOptions.ApiKeyFile), "can be read by every user of this machine. Take that right away: chmod o-rwx.")];
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            ComplainOfFile("does not exist. Create it with one key per line, or give another path.");
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ComplainOfFile("can't be read. Give the user that runs the server the right to read it.");
            return;
        }
        int before = _keys.Count, problems = _problems.Count;
        for (int i = 0; i < lines.Length; i++) ReadLine(lines[i], i + 1);
        if (_keys.Count == before && _problems.Count == problems) ComplainOfFile("has no key. Write one per line: KEY, or LABEL KEY.");
    }

    private void ReadLine(string line, int number)
    {
        string[] words = line.Split(' ', '\t').Where(word => word.Length > 0).ToArray();
        if (words.Length == 0 || words[0][0] == '#') return;
        if (words.Length > 2) ComplainOfFile($"has more than two words in line {number}. Write KEY, or LABEL KEY; neither may have a space.");
        else if (!words.All(ApiKey.IsWord)) ComplainOfFile($"has a control or non-ASCII character in line {number}. Write keys and labels in visible ASCII characters.");
        else if (words.Length == 2 && words[0].Length > LongestLabel) ComplainOfFile($"has a label of more than {LongestLabel} characters in line {number}. Write LABEL KEY with a shorter one.");
        else if (!Add(words.Length == 2 ? words[0] : null, words[^1])) ComplainOfFile($"has a key in line {number} that was given before. Remove one of the two.");
    }

    private bool Add(string? label, string key)
    {
        byte[] digest = ApiKey.DigestOf(key);
        if (!_digests.Add(Convert.ToHexString(digest))) return false;
        _keys.Add(new ApiKey(label ?? $"key-{++_unlabelled}", digest));
        return true;
    }

    private void Complain(string setting, string complaint) => _problems.Add((setting, complaint));

    private void ComplainOfFile(string complaint) => Complain(nameof(InferenceOptions.ApiKeyFile), complaint);
}
