namespace DeterministicInference.Server.Configuration;

/// <summary>Facts about an engine kind that settings are checked against.</summary>
/// <param name="Name">The value of <c>--backend</c>.</param>
/// <param name="NeedsModelPath">Whether launching it requires <c>--model-path</c>.</param>
/// <param name="CanLaunch">Whether it can be launched; otherwise <c>--backend-url</c> must be given.</param>
internal sealed record EngineChoice(string Name, bool NeedsModelPath, bool CanLaunch)
{
    /// <summary>Keys of the settings that have an effect on this engine only.</summary>
    public IReadOnlyList<string> OwnSettings { get; init; } = [];

    /// <summary>Range of seeds that the engine distinguishes.</summary>
    public (long Least, long Most) Seeds { get; init; } = (long.MinValue, long.MaxValue);

    /// <summary>
    /// The engines for help and documentation: <c>a, b or c; d or e attach to --backend-url</c>.
    /// </summary>
    /// <param name="engines">The engines.</param>
    /// <param name="write">Writes a name.</param>
    public static string Describe(IReadOnlyList<EngineChoice> engines, Func<string, string> write)
    {
        string launched = List(engines.Where(engine => engine.CanLaunch).Select(engine => write(engine.Name)), "or"),
            attached = List(engines.Where(engine => !engine.CanLaunch).Select(engine => write(engine.Name)), "and");
        return attached.Length == 0 ? launched : $"{launched}; {attached} only with --backend-url";
    }

    /// <summary><c>a, b or c</c>.</summary>
    public static string List(IEnumerable<string> names, string last) =>
        names.ToArray() is { Length: > 1 } several
            ? $"{string.Join(", ", several.SkipLast(1))} {last} {several[^1]}"
            : string.Concat(names);
}
