using System.Globalization;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>
/// The embedded engine: this program's <c>engine</c> command, run as a process like any other engine.
/// </summary>
internal sealed class EmbeddedKind : IEngineKind
{
    public const string BackendName = "embedded";

    public string Name => BackendName;

    public string Title => "Embedded engine";

    public EngineHealthRoutes Health { get; } = new("/health");

    public IEngineLauncher Launcher { get; } = new EmbeddedLauncher();

    public IEngineDeterminism Determinism { get; } = new FixedArithmetic();

    public IEngineFacts Facts { get; } = new SemanticsFacts();

    public EngineOutputRules Output => EmbeddedOutput.Rules;

    public RequestRules Requests { get; } =
        new() { Fields = EmbeddedFields.Honoured, TokenIdMembers = ["return_token_ids"] };

    /// <summary>
    /// No argument changes an answer, and the engine renders only built-in templates, none of which uses the clock.
    /// </summary>
    private sealed class FixedArithmetic : IEngineDeterminism
    {
        public string Basis =>
            "the embedded engine's fixed arithmetic: the same bits on every processor and in every batch";

        public IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine)
        {
            // The engine downloads no models, so the name of a hub model is a missing folder.
            if (options.ModelPath is { } path && !machine.Model.IsMissing && !machine.Model.Exists)
            {
                yield return Finding.Refused(
                    "model_missing",
                    $"--model-path: '{path}' does not exist on this machine, and the embedded engine downloads no "
                        + "models. Give the path of a model's folder."
                );
            }
            // Another program may be a version with other options.
            if (options.BackendCommand is not null)
                yield break;
            if (EmbeddedArguments.FindHostProblem(options.BackendHost) is { } complaint)
                yield return Finding.Refused(
                    "argument_invalid",
                    $"--backend-host: '{options.BackendHost}' {complaint}"
                );
            if (EmbeddedArguments.FindInstructionsProblem(options.Instructions) is { } missing)
                yield return Finding.Refused(
                    "argument_invalid",
                    $"{EmbeddedArguments.InstructionsFlag}: '{Instructions.NameOf(options.Instructions)}' {missing}"
                );
            foreach (string problem in EmbeddedArguments.Problems(options.BackendArguments))
            {
                yield return Finding.Refused(
                    "argument_invalid",
                    $"Arguments after --: {problem} Give options of the engine command."
                );
            }
        }

        public IEnumerable<Finding> CheckAttached() => [];
    }

    /// <summary>No facts about the machine: the same weights give the same bits everywhere.</summary>
    private sealed class SemanticsFacts : IEngineFacts
    {
        private const string Health = "/health",
            Fact = "engine.semantics";

        public IReadOnlyList<string> Paths { get; } = [Health];

        public void DescribeLaunch(FactInputs inputs, FactSheet sheet)
        {
            // Without --backend-command the engine is this program.
            if (IsThisProgram(inputs))
                sheet.Measured(Fact, EmbeddedEngine.NumericsVersion.ToString(CultureInfo.InvariantCulture));
            else
                sheet.NeedsEngine("which version of its arithmetic the engine has", "engine_not_described");
        }

        public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
        {
            if (IsThisProgram(inputs))
                return;
            string? semantics = answers.Text(Health, "semantics");
            sheet.Reported(Fact, semantics);
            if (semantics is null)
                sheet.AddMissing(
                    "engine_not_described",
                    "The engine does not report the version of its arithmetic. Use a newer engine."
                );
        }

        public IReadOnlyList<ModelPart> ModelParts(ServeOptions options) =>
            options.BackendUrl is null || options.ModelPath is not null
                ?
                [
                    new ModelPart(
                        ModelPart.Model,
                        new EmbeddedEngineOptions { ModelPath = options.ModelPath }.ModelFolder
                    ),
                ]
                : [];

        private static bool IsThisProgram(FactInputs inputs) =>
            inputs.IsLaunched && inputs.Options.BackendCommand is null;
    }
}
