namespace DeterministicInference.Server.Configuration;

/// <summary>The keys of <c>--api-key</c> and <c>--api-key-file</c>, and their problems.</summary>
internal sealed class ApiKeySettings
{
    /// <summary>Longest label, as labels appear in log lines.</summary>
    private const int LongestLabel = 64;

    private readonly List<ApiKey> _keys = [];
    private readonly List<(string Setting, string Complaint)> _problems = [];
    private readonly HashSet<string> _digests = [];
    private readonly List<string> _secrets = [];
    private int _unlabelled;

    private ApiKeySettings() { }

    public IReadOnlyList<ApiKey> Keys => _keys;

    /// <summary>The text of every configured key, usable or not.</summary>
    public IReadOnlyList<string> Secrets => _secrets;

    /// <summary>
    /// Problems: a setting, and a complaint that continues the sentence "'value' …" and contains no key.
    /// </summary>
    public IReadOnlyList<(string Setting, string Complaint)> Problems => _problems;

    /// <summary>Warnings about usable settings, in the same form.</summary>
    public IReadOnlyList<(string Setting, string Complaint)> Warnings { get; private set; } = [];

    /// <summary>Reads the keys, from the file too where one is set.</summary>
    public static ApiKeySettings Read(ServeOptions options)
    {
        var settings = new ApiKeySettings();
        foreach (string key in options.ApiKey)
        {
            settings._secrets.Add(key);
            if (!ApiKey.IsWord(key))
                settings.Complain(
                    nameof(ServeOptions.ApiKey),
                    "has a key with a space, a control or a non-ASCII character. Give keys of visible ASCII "
                        + "characters."
                );
            else if (!settings.Add(null, key))
                settings.Complain(nameof(ServeOptions.ApiKey), "contains a key twice; remove one.");
        }
        if (options.ApiKeyFile is { } path)
            settings.ReadFile(path);
        return settings;
    }

    private void ReadFile(string path)
    {
        var file = KeyFile.Read(path, "one key per line");
        if (file.Lines is not { } lines)
        {
            ComplainOfFile(file.Complaint!);
            return;
        }
        if (file.Warning is { } warning)
            Warnings = [(nameof(ServeOptions.ApiKeyFile), warning)];
        int before = _keys.Count,
            problems = _problems.Count;
        for (int i = 0; i < lines.Count; i++)
            ReadLine(lines[i], i + 1);
        if (_keys.Count == before && _problems.Count == problems)
            ComplainOfFile("has no key. Write one per line: KEY, or LABEL KEY.");
    }

    private void ReadLine(string line, int number)
    {
        string[] words = line.Split(' ', '\t').Where(word => word.Length > 0).ToArray();
        if (words.Length == 0 || words[0][0] == '#')
            return;
        _secrets.Add(words[^1]);
        if (words.Length > 2)
            ComplainOfFile(
                $"has more than two words in line {number}. Write KEY, or LABEL KEY; neither may have a space."
            );
        else if (!words.All(ApiKey.IsWord))
            ComplainOfFile(
                $"has a control or non-ASCII character in line {number}. Write keys and labels in visible ASCII "
                    + "characters."
            );
        else if (words.Length == 2 && words[0].Length > LongestLabel)
            ComplainOfFile(
                $"has a label of more than {LongestLabel} characters in line {number}. Write LABEL KEY with a "
                    + "shorter one."
            );
        else if (!Add(words.Length == 2 ? words[0] : null, words[^1]))
            ComplainOfFile($"repeats a key in line {number}; remove one.");
    }

    private bool Add(string? label, string key)
    {
        byte[] digest = ApiKey.DigestOf(key);
        if (!_digests.Add(Convert.ToHexString(digest)))
            return false;
        _keys.Add(new ApiKey(label ?? $"key-{++_unlabelled}", digest));
        return true;
    }

    private void Complain(string setting, string complaint) => _problems.Add((setting, complaint));

    private void ComplainOfFile(string complaint) => Complain(nameof(ServeOptions.ApiKeyFile), complaint);
}
