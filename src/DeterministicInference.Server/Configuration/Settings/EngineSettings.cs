using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration.Settings;

/// <summary>The engine: which one, how it is launched or reached.</summary>
internal static class EngineSettings
{
    private static readonly TextValue Text = new("TEXT");
    private static readonly PathValue File = new("FILE");
    private static readonly DurationValue Duration = new(allowsZero: false);
    private static readonly BooleanValue Boolean = new();

    public static SettingGroup Group { get; } = new("Engine", Rows());

    private static Setting[] Rows() =>
        [
            new TypedSetting<string>(
                nameof(ServeOptions.ModelPath),
                new PathValue("PATH"),
                o => o.ModelPath,
                (o, v) => o with { ModelPath = v },
                "Folder of the model, or its name on the model hub."
            )
            {
                Brief = "Folder of the model, or its name on the hub.",
                FlagAliases = ["--model"],
            },
            new TypedSetting<string>(
                nameof(ServeOptions.ServedModelName),
                Text,
                o => o.ServedModelName,
                (o, v) => o with { ServedModelName = v },
                "Name that a launched engine serves its model under. Default: the last part of the model's path."
            ),
            new TypedSetting<bool>(
                nameof(ServeOptions.StrictModel),
                Boolean,
                o => o.StrictModel,
                (o, v) => o with { StrictModel = v },
                "Refuse requests that name a model which the engine does not list."
            ),
            new TypedSetting<string>(
                nameof(ServeOptions.Backend),
                new TextValue("NAME"),
                o => o.Backend,
                (o, v) => o with { Backend = v.Trim().ToLowerInvariant() },
                "The engine"
            )
            {
                Brief = "The engine",
                Engines = engines => $": {EngineChoice.Describe(engines, name => name)}.",
            },
            new TypedSetting<string>(
                nameof(ServeOptions.BackendHost),
                new HostValue(allowsNames: true),
                o => o.BackendHost,
                (o, v) => o with { BackendHost = v },
                "Address on which the launched engine listens."
            ),
            new TypedSetting<int>(
                nameof(ServeOptions.BackendPort),
                new WholeNumberValue<int>("PORT", 1, 65535),
                o => o.BackendPort,
                (o, v) => o with { BackendPort = v },
                "Port on which the launched engine listens. If neither it nor --backend-host is given, the engine "
                    + "gets a Unix socket where it has one, or a free port where this one is taken."
            ),
            new TypedSetting<Uri>(
                nameof(ServeOptions.BackendUrl),
                new UrlValue(),
                o => o.BackendUrl,
                (o, v) => o with { BackendUrl = v },
                "A running engine to attach to, instead of launching one."
            )
            {
                Brief = "Attach to a running engine.",
            },
            new TypedSetting<TimeSpan>(
                nameof(ServeOptions.BackendStartupTimeout),
                Duration,
                o => o.BackendStartupTimeout,
                (o, v) => o with { BackendStartupTimeout = v },
                "Time within which the engine must be ready."
            )
            {
                FlagAliases = ["--timeout"],
                VariableAliases = ["INFERENCE_STARTUP_TIMEOUT"],
            },
            new TypedSetting<string>(
                nameof(ServeOptions.BackendCommand),
                new PathValue("PROGRAM"),
                o => o.BackendCommand,
                (o, v) => o with { BackendCommand = v },
                "Replaces the engine's executable, such as the python3 of a virtual environment."
            )
            {
                Brief = "The engine's program, as a venv's python3.",
            },
            new TypedSetting<InstructionSet>(
                nameof(ServeOptions.Instructions),
                new ChoiceValue<InstructionSet>(),
                o => o.Instructions,
                (o, v) => o with { Instructions = v },
                "Registers with which this program's own engine computes; the answers are the same."
            ),
            new TypedSetting<string>(
                nameof(ServeOptions.BackendApiKey),
                new SecretTextValue("KEY"),
                o => o.BackendApiKey,
                (o, v) => o with { BackendApiKey = v },
                "Key that the engine requires. Prefer a file or the variable: other users can see command lines."
            ),
            new TypedSetting<string>(
                nameof(ServeOptions.BackendApiKeyFile),
                File,
                o => o.BackendApiKeyFile,
                (o, v) => o with { BackendApiKeyFile = v },
                "File with the key that the engine requires."
            ),
            new TypedSetting<IReadOnlyList<string>>(
                nameof(ServeOptions.BackendArguments),
                new WordsValue("ARGUMENTS"),
                o => o.BackendArguments,
                (o, v) => o with { BackendArguments = v },
                "Everything after it is passed to the launched engine unchanged."
            )
            {
                Flag = "--",
            },
        ];
}
