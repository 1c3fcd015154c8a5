using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// The facts that an engine's answers may depend on: an allow-list (<c>dis-env/2</c> in docs/determinism.md). A listed
/// fact that is unknown makes answers best-effort.
/// </summary>
internal interface IEngineFacts
{
    /// <summary>Paths of which GET answers a JSON object that <see cref="DescribeEngine"/> reads.</summary>
    IReadOnlyList<string> Paths => [];

    /// <summary>Routes that say which weights the running engine serves, besides its list of models.</summary>
    IReadOnlyList<WatchedAnswer> Watched => [];

    /// <summary>The Python packages that compute the answers; null for an engine without Python.</summary>
    PythonPackages? Packages => null;

    /// <summary>
    /// Whether the running program is measured: its executable, and the libraries that it has mapped.
    /// </summary>
    bool MeasuresProgram => false;

    /// <summary>
    /// Whether /proc shows the arguments with which the engine was started; programs in Python rename themselves.
    /// </summary>
    bool KeepsCommandLine => false;

    /// <summary>
    /// Adds facts known without the engine: arguments, variables, packages, GPUs or processor. Facts that only the
    /// engine can report are announced with <see cref="FactSheet.NeedsEngine"/>.
    /// </summary>
    void DescribeLaunch(FactInputs inputs, FactSheet sheet);

    /// <summary>Adds facts that the running engine reports.</summary>
    void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet) { }

    /// <summary>
    /// The files that the engine loads: the model first, then further parts named in its arguments. Each part is hashed
    /// if its files are visible here.
    /// </summary>
    IReadOnlyList<ModelPart> ModelParts(ServeOptions options) =>
        options.ModelPath is { } model ? [new ModelPart(ModelPart.Model, model)] : [];

    /// <summary>The same, for an engine that takes some of its arguments from variables.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="variables">The engine's variables.</param>
    IReadOnlyList<ModelPart> ModelParts(ServeOptions options, IReadOnlyDictionary<string, string> variables) =>
        ModelParts(options);

    /// <summary>Whether the engine downloads hub models that are not in the cache.</summary>
    bool DownloadsModels => false;

    /// <summary>
    /// The folder for downloaded models according to the engine's arguments; null for the hub's default.
    /// </summary>
    string? DownloadFolder(ServeOptions options) => null;
}
