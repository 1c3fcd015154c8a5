using System.Collections.Frozen;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// The fields that an engine honours, per route: fields that it reads, and fields that make no difference if it ignores
/// them. Fields that affect neither an answer nor its metadata need not be listed.
/// </summary>
internal sealed class EngineFields
{
    private readonly FrozenSet<string> _chat,
        _completions;

    /// <param name="both">Paths of the fields of both routes, separated by white space.</param>
    /// <param name="chat">Paths of the fields of chat only.</param>
    /// <param name="completions">Paths of the fields of completions only.</param>
    public EngineFields(string both, string chat, string completions)
    {
        _chat = Paths(both, chat);
        _completions = Paths(both, completions);
    }

    /// <summary>The paths of a route.</summary>
    public IReadOnlySet<string> Of(RequestRoute route) => route == RequestRoute.Chat ? _chat : _completions;

    /// <summary>Whether a field is honoured on a route.</summary>
    public bool Honours(RequestRoute route, string path) => Of(route).Contains(path);

    private static FrozenSet<string> Paths(params string[] lists) =>
        lists
            .SelectMany(list => list.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .ToFrozenSet(StringComparer.Ordinal);
}
