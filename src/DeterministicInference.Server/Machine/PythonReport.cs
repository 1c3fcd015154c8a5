using System.Text.Json;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// What an interpreter says of itself: which folders it imports from, and which distributions it finds.
/// </summary>
/// <param name="Version">Its version.</param>
/// <param name="Executable">Its path; empty where it knows none.</param>
/// <param name="Folders">The folders from which it imports, in order.</param>
/// <param name="Distributions">Its distributions; the first of a name counts.</param>
/// <param name="Plugins">Entry points by which a distribution changes an engine: <c>group:name=value</c>.</param>
/// <param name="HasModule">Whether it finds the module that it was asked for.</param>
internal sealed record PythonReport(
    string Version,
    string Executable,
    IReadOnlyList<string> Folders,
    IReadOnlyList<PythonDistribution> Distributions,
    IReadOnlyList<string> Plugins,
    bool HasModule
)
{
    /// <summary>A cold disk takes some seconds for several hundred distributions.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private const int Most = 16 << 20;

    /// <summary>
    /// Imports nothing of the engine. The first folder is the working directory, from which a program does not import.
    /// </summary>
    private const string Script = """
        import json, sys
        from importlib.util import find_spec
        try:
            has = find_spec(sys.argv[1]) is not None
        except Exception:
            has = False
        if sys.path and sys.path[0] == "":
            del sys.path[0]
        from importlib import metadata
        groups = ("sglang.srt.plugins", "vllm.general_plugins", "vllm.platform_plugins")
        found, plugins = [], []
        for one in metadata.distributions():
            name = one.metadata["Name"]
            if name:
                found.append([name, one.version or "", str(getattr(one, "_path", ""))])
            for point in one.entry_points:
                if point.group in groups:
                    plugins.append(point.group + ":" + point.name + "=" + point.value)
        report = {"version": sys.version.split()[0], "executable": sys.executable or "", "path": sys.path}
        report.update(found=found, plugins=plugins, has=has)
        json.dump(report, sys.stdout)
        """;

    /// <summary>Asks an interpreter.</summary>
    /// <param name="interpreter">The interpreter.</param>
    /// <param name="module">A module, which is only looked for.</param>
    /// <param name="variables">The engine's variables.</param>
    /// <returns>Null if it can't be run, or does not answer in time.</returns>
    public static PythonReport? Ask(string interpreter, string module, IReadOnlyDictionary<string, string> variables)
    {
        if (ChildOutput.Read([interpreter, "-c", Script, module], variables, Limit, Most) is not { } json)
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return new PythonReport(
                root.GetProperty("version").GetString()!,
                root.GetProperty("executable").GetString()!,
                Strings(root.GetProperty("path")),
                [
                    .. root.GetProperty("found")
                        .EnumerateArray()
                        .Select(Strings)
                        .Select(one => PythonDistribution.Read(one[0], one[1], one[2]))
                        .DistinctBy(one => one.Name),
                ],
                [.. Strings(root.GetProperty("plugins")).Distinct().Order(StringComparer.Ordinal)],
                root.GetProperty("has").GetBoolean()
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static List<string> Strings(JsonElement array) =>
        [.. array.EnumerateArray().Select(value => value.GetString() ?? "")];
}
