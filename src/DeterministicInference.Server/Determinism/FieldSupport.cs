using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Determinism;

/// <summary>Refuses fields that an engine would ignore: the answer would belong to another request.</summary>
/// <param name="engine">The fields that the engine honours.</param>
/// <param name="others">The fields of all known engines, by their <c>--backend</c> names.</param>
internal sealed class FieldSupport(EngineFields engine, IReadOnlyList<(string Name, EngineFields Fields)> others)
{
    /// <param name="request">The request.</param>
    /// <param name="own">Fields that this server acts upon itself.</param>
    /// <exception cref="OpenAIException">
    /// 400 <c>unsupported_parameter</c>: a field affects the answer or its metadata, and the engine does not honour it.
    /// </exception>
    public void Require(CheckedRequest request, params IReadOnlyList<string> own)
    {
        foreach (FieldUse use in request.Uses)
        {
            bool isOwn = use.Field.Routes.HasFlag(request.Route) && own.Contains(use.Field.Path);
            if (!isOwn && !engine.Honours(request.Route, use.Field.Path))
                throw OpenAIException.Unsupported(use.Path, Remedy(request.Route, use.Field));
        }
    }

    private string Remedy(RequestRoute route, Field field)
    {
        RequestRoute other = RequestRoute.Both & ~route;
        bool isOfOther = engine.Honours(other, field.Path);
        // Without it the request of that route would be none.
        if (isOfOther && field.IsRequired)
            return $"It belongs to the other route. Send it to {other.Path()}.";
        string[] able = [.. others.Where(one => one.Fields.Honours(route, field.Path)).Select(one => one.Name)];
        FieldAlias? alias = field.Aliases.FirstOrDefault(alias => engine.Honours(route, alias.Path));
        List<string> ways = ["leave it out"];
        if (alias is not null)
            ways.Insert(0, $"write it as '{alias.Path}'{(alias.Value is { } value ? $" {value}" : "")}");
        if (isOfOther)
            ways.Add($"send the request to {other.Path()}");
        if (able.Length > 0)
            ways.Add($"use an engine that does ({string.Join(", ", able)})");
        string problem =
            able.Length > 0 ? "This engine does not honour it" : "No supported engine honours it on this route";
        return ways is [var only]
            ? $"{problem}: {only}."
            : $"{problem}: {string.Join(", ", ways.SkipLast(1))}, or {ways[^1]}.";
    }
}
