using System.Collections.Frozen;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Engines.External;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Engines.Tgi;
using DeterministicInference.Server.Engines.Vllm;

namespace DeterministicInference.Server.Engines;

/// <summary>The kinds of engines that <c>--backend</c> can name.</summary>
/// <param name="all">In the order of help and documentation; the first one is the default.</param>
internal sealed class EngineRegistry(IReadOnlyList<IEngineKind> all)
{
    private readonly FrozenDictionary<string, IEngineKind> _byName = all.ToFrozenDictionary(engine => engine.Name);

    /// <summary>The engine kinds of this program. A new engine is one line here.</summary>
    public static EngineRegistry BuiltIn { get; } =
        new([
            new SglangKind(),
            new VllmKind(),
            new LlamaCppKind(),
            new TgiKind(),
            new EmbeddedKind(),
            new ExternalKind(),
        ]);

    public IReadOnlyList<IEngineKind> All => all;

    /// <summary>The kind that is used if no setting names one.</summary>
    public IEngineKind Default => all[0];

    /// <summary>The kinds as the settings need them, in the same order.</summary>
    public IReadOnlyList<EngineChoice> Choices { get; } =
    [
        .. all.Select(engine => new EngineChoice(
            engine.Name,
            engine.Launcher?.NeedsModelPath ?? false,
            engine.Launcher is not null
        )
        {
            Seeds = engine.Requests.Seeds,
            OwnSettings = engine.Launcher?.OwnSettings ?? [],
        }),
    ];

    /// <summary>The fields that engines honour, for engines where they are known.</summary>
    public IReadOnlyList<(string Name, EngineFields Fields)> KnownFields { get; } =
    [
        .. all.Where(engine => engine.Requests.Fields is not null)
            .Select(engine => (engine.Name, engine.Requests.Fields!)),
    ];

    /// <summary>The kind with a name, or null.</summary>
    public IEngineKind? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The kind that validated settings name.</summary>
    public IEngineKind Of(ServeOptions options) => _byName[options.Backend];

    /// <summary>Support for request fields; null if unknown for this kind.</summary>
    public FieldSupport? SupportOf(IEngineKind engine) =>
        engine.Requests.Fields is { } fields ? new FieldSupport(fields, KnownFields) : null;

    /// <summary>Changes to answers of an engine; for one of unknown kind the union of all rules.</summary>
    public AnswerRules AnswersOf(IEngineKind engine) =>
        engine.Answers ?? AnswerRules.Union(all.Select(one => one.Answers ?? AnswerRules.None));

    /// <summary>A registry with one more kind.</summary>
    public EngineRegistry With(IEngineKind engine) => new([.. all, engine]);
}
