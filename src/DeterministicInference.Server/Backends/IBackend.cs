using System.Text.Json;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// A description of an engine, without side effects: what to start, where its health is, what its answers are worth. Everything that
/// acts is in <see cref="BackendSupervisor"/>. How to add one: docs/adding-a-backend.md.
/// </summary>
internal interface IBackend
{
    /// <summary>The value of <c>--backend</c>, and the last part of its log module's name.</summary>
    string Name { get; }

    /// <summary>What messages call it, at the beginning of a sentence.</summary>
    string Title { get; }

    /// <summary>Whether <c>--model-path</c> must be given to launch it.</summary>
    bool NeedsModelPath { get; }

    /// <summary>Whether it is launched at all; otherwise it is only attached to, by <c>--backend-url</c>.</summary>
    bool CanLaunch => true;

    /// <summary>What <c>--backend-command</c> replaces; null for an engine that is not looked up by name.</summary>
    string? Executable => null;

    /// <summary>GET on it answers 200 once the engine is ready.</summary>
    string HealthPath { get; }

    /// <summary>
    /// GET on it passes only while the engine computes. Asked where there is reason to doubt that, as it may cost a token;
    /// it must not wait behind other requests. Without such a route: the health path.
    /// </summary>
    string ProgressPath => HealthPath;

    /// <summary>What to do when its executable is not there.</summary>
    string MissingExecutableRemedy { get; }

    /// <summary>What is changed or refused in requests to it.</summary>
    RequestRules Requests => RequestRules.None;

    /// <summary>On what determinism rests where nothing speaks against it: continues the sentence "Answers are deterministic: …".</summary>
    string Basis { get; }

    /// <summary>Whether there are builds that ignore the member <c>seed</c> of a request, so that the engine is tried before it is ready.</summary>
    bool MayIgnoreSeeds => false;

    /// <summary>GET on the first of these that is there answers how the engine was started, as JSON.</summary>
    IReadOnlyList<string> ReportPaths => [];

    /// <summary>Whether its prompts are made from chat templates that the model brings along.</summary>
    bool RendersModelTemplates => true;

    /// <summary>How many requests it may get at once so that they can't change each other's answers; null for any number.</summary>
    int? RequestsAtOnce(InferenceOptions options) => null;

    /// <summary>What to start, or null for an engine that is only attached to.</summary>
    BackendLaunch? Launch(InferenceOptions options, MachineFacts machine);

    /// <summary>What speaks against launching it so, or against its determinism.</summary>
    IEnumerable<Finding> CheckLaunch(InferenceOptions options, MachineFacts machine) => [];

    /// <summary>What speaks against the determinism of one that somebody else has started.</summary>
    /// <param name="report">What a path of <see cref="ReportPaths"/> answered; null where none did.</param>
    IEnumerable<Finding> CheckAttached(JsonElement? report) => [UnknownArguments];

    /// <summary>GET on each of these answers a JSON object that <see cref="DescribeEnvironment"/> reads.</summary>
    IReadOnlyList<string> FactPaths => [];

    /// <summary>Whether it imports Python packages that compute its answers.</summary>
    bool RunsOnPython => false;

    /// <summary>
    /// Writes down what an output may depend on: an allow-list (reference: <c>dis-env/1</c> in docs/determinism.md). What belongs to it and is not
    /// known is a reason why answers are only best-effort.
    /// </summary>
    void DescribeEnvironment(FactInputs inputs, FactSheet sheet) => sheet.Lacks("engine_not_described", "Nothing of this engine is known that its answers depend on. Let this server launch an engine that it knows.");

    /// <summary>What the engine loads: the model first, and what its arguments name beside it. Each is hashed where its files can be seen from here.</summary>
    IReadOnlyList<ModelPart> ModelParts(InferenceOptions options) => options.ModelPath is { } model ? [new ModelPart(ModelPart.Model, model)] : [];

    /// <summary>The folder to which the engine's arguments say that models of the hub are downloaded; null for the hub's usual one.</summary>
    string? DownloadFolder(InferenceOptions options) => null;

    /// <summary>For an engine that does not say how it was started.</summary>
    static readonly Finding UnknownArguments = Finding.Undermines("arguments_unknown",
        "The engine was started by somebody else, and its start arguments are not known. Let this server launch it (leave --backend-url out).");
}
