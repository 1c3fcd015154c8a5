using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// An engine that <c>--backend</c> can name: data and pure functions, in parts. Assessment, Supervision and Gateway act
/// on it. docs/adding-a-backend.md explains how to add one.
/// </summary>
internal interface IEngineKind
{
    /// <summary>The value of <c>--backend</c>, and the last part of its log module's name.</summary>
    string Name { get; }

    /// <summary>Name in messages, as the first words of a sentence.</summary>
    string Title { get; }

    /// <summary>The engine's health routes.</summary>
    EngineHealthRoutes Health { get; }

    /// <summary>The launcher; null for an engine that can only be attached to, by <c>--backend-url</c>.</summary>
    IEngineLauncher? Launcher => null;

    /// <summary>The basis of determinism, and reasons against it.</summary>
    IEngineDeterminism Determinism { get; }

    /// <summary>The facts that answers depend on: the environment that receipts name.</summary>
    IEngineFacts Facts { get; }

    /// <summary>Changes to requests, and refusals.</summary>
    RequestRules Requests => RequestRules.None;

    /// <summary>Range of seeds that a release of the engine distinguishes.</summary>
    /// <param name="version">What the engine reports; null while that is not known.</param>
    (long Least, long Most) SeedsOf(string? version) => Requests.Seeds;

    /// <summary>Changes to answers; null if the engine may be any of the known kinds.</summary>
    AnswerRules? Answers => AnswerRules.None;

    /// <summary>How its lines are read: levels, and why it ended.</summary>
    EngineOutputRules Output => EngineOutputRules.Generic;

    /// <summary>
    /// Number of concurrent requests up to which answers do not affect each other; null for any number.
    /// </summary>
    int? RequestsAtOnce(ServeOptions options) => null;
}
