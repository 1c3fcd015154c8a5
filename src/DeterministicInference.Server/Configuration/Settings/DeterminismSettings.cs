using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration.Settings;

/// <summary>What is pinned in requests, and what is proved of answers.</summary>
internal static class DeterminismSettings
{
    private static readonly PathValue File = new("FILE");
    private static readonly DurationValue Duration = new(allowsZero: false);
    private static readonly BooleanValue Boolean = new();

    public static SettingGroup Group { get; } = new("Determinism and receipts", Rows());

    private static Setting[] Rows() =>
        [
            new TypedSetting<DeterminismMode>(
                nameof(ServeOptions.Determinism),
                new ChoiceValue<DeterminismMode>(),
                o => o.Determinism,
                (o, v) => o with { Determinism = v },
                "enforce pins what could make an answer vary; strict also launches engines without reuse of computed "
                    + "prefixes; off is a plain proxy."
            )
            {
                Brief = "enforce, strict or off.",
            },
            new TypedSetting<SeedSetting>(
                nameof(ServeOptions.Seed),
                new SeedValue(),
                o => o.Seed,
                (o, v) => o with { Seed = v },
                "Seed of requests that have none; random draws one for each request."
            )
            {
                Brief = "Seed where a request has none.",
            },
            new TypedSetting<bool>(
                nameof(ServeOptions.StableEnvelope),
                Boolean,
                o => o.StableEnvelope,
                (o, v) => o with { StableEnvelope = v },
                "Derive an answer's id and time from the request and name the receipt only in the header, so that "
                    + "whole bodies repeat."
            ),
            new TypedSetting<ReceiptMode>(
                nameof(ServeOptions.Receipts),
                new ChoiceValue<ReceiptMode>(),
                o => o.Receipts,
                (o, v) => o with { Receipts = v },
                "inline puts a signed receipt into each answer, reference only its id; off issues none."
            )
            {
                Brief = "inline, reference or off.",
            },
            new TypedSetting<string>(
                nameof(ServeOptions.DataDir),
                new PathValue("FOLDER"),
                o => o.DataDir,
                (o, v) => o with { DataDir = v },
                "Folder of the receipt log and its signing key. Default: deterministic-inference/receipts in "
                    + "$XDG_STATE_HOME or ~/.local/state."
            )
            {
                Brief = "Folder of the receipts and of their key.",
                Unset = () => StatePaths.Receipts,
            },
            new TypedSetting<string>(
                nameof(ServeOptions.LogOrigin),
                new LogOriginValue(),
                o => o.LogOrigin,
                (o, v) => o with { LogOrigin = v },
                "Name of the log, fixed when the log is created. A random part is added to it. Default: "
                    + "deterministic-inference.local."
            ),
            new TypedSetting<IReadOnlyList<string>>(
                nameof(ServeOptions.SignerCommand),
                new CommandValue(),
                o => o.SignerCommand,
                (o, v) => o with { SignerCommand = v },
                "Program that has the log's key and signs, and its arguments: words between spaces, or a JSON array. "
                    + "Default: a key in --data-dir."
            ),
            new TypedSetting<bool>(
                nameof(ServeOptions.PublicLog),
                Boolean,
                o => o.PublicLog,
                (o, v) => o with { PublicLog = v },
                "Serve the logs (/v1/logs, /v1/log, /v1/receipts/key) without an API key, for monitors and witnesses."
            ),
            new TypedSetting<ReceiptVisibility>(
                nameof(ServeOptions.ReceiptsVisible),
                new ChoiceValue<ReceiptVisibility>(),
                o => o.ReceiptsVisible,
                (o, v) => o with { ReceiptsVisible = v },
                "Who may fetch a receipt by its id: own (the API key that it was issued to) or all (every API key)."
            ),
            new TypedSetting<string>(
                nameof(ServeOptions.WitnessPolicy),
                File,
                o => o.WitnessPolicy,
                (o, v) => o with { WitnessPolicy = v },
                "Policy of the log's witnesses (C2SP tlog-policy): who they are, their addresses, and how many must "
                    + "cosign."
            ),
            new TypedSetting<WitnessMode>(
                nameof(ServeOptions.WitnessMode),
                new ChoiceValue<WitnessMode>(),
                o => o.WitnessMode,
                (o, v) => o with { WitnessMode = v },
                "background has witnesses cosign beside the answers; wait sends an answer only once a quorum has "
                    + "cosigned."
            ),
            new TypedSetting<TimeSpan>(
                nameof(ServeOptions.WitnessTimeout),
                Duration,
                o => o.WitnessTimeout,
                (o, v) => o with { WitnessTimeout = v },
                "Longest wait for a witness; with --witness-mode wait, for a quorum of them too."
            ),
            new TypedSetting<ReceiptFailureAction>(
                nameof(ServeOptions.OnReceiptFailure),
                new ChoiceValue<ReceiptFailureAction>(),
                o => o.OnReceiptFailure,
                (o, v) => o with { OnReceiptFailure = v },
                "When a receipt can't be stored, or witnessed in time: continue (answer without it) or refuse "
                    + "(answer 503)."
            ),
            new TypedSetting<TimeSpan>(
                nameof(ServeOptions.ReceiptRetention),
                new DurationValue(allowsZero: false, allowsOff: true, longestHours: 24 * 3650),
                o => o.ReceiptRetention,
                (o, v) => o with { ReceiptRetention = v },
                "Age at which receipts and their salts are deleted, or off; the log stays."
            ),
        ];
}
