namespace DeterministicInference.Server.Configuration;

/// <summary>How requests that do not determine their answer are handled: <c>--determinism</c>.</summary>
internal enum DeterminismMode
{
    /// <summary>Fields that could make an answer vary are pinned or refused.</summary>
    Enforce,

    /// <summary>The same, and engines are launched on the slow safe side: no prefix is used again.</summary>
    Strict,

    /// <summary>Nothing is pinned or refused: a plain proxy.</summary>
    Off,
}

/// <summary>How answers carry their receipts: <c>--receipts</c>.</summary>
internal enum ReceiptMode
{
    /// <summary>Answers carry the receipt itself.</summary>
    Inline,

    /// <summary>Answers carry the receipt's id only.</summary>
    Reference,

    /// <summary>No receipts are issued.</summary>
    Off,
}

/// <summary>When witnesses cosign the log of receipts: <c>--witness-mode</c>.</summary>
internal enum WitnessMode
{
    /// <summary>Beside the answers, which do not wait.</summary>
    Background,

    /// <summary>Before an answer is sent.</summary>
    Wait,
}

/// <summary>What happens when a receipt can't be stored: <c>--on-receipt-failure</c>.</summary>
internal enum ReceiptFailureAction
{
    /// <summary>The answer is sent without a receipt.</summary>
    Continue,

    /// <summary>The request gets an error.</summary>
    Refuse,
}

/// <summary>Who may fetch a receipt by its id: <c>--receipts-visible</c>.</summary>
internal enum ReceiptVisibility
{
    /// <summary>The API key that it was issued to.</summary>
    Own,

    /// <summary>Every API key.</summary>
    All,
}

/// <summary>What is done with a hanging engine: <c>--hang-action</c>.</summary>
internal enum HangAction
{
    /// <summary>The hang is logged.</summary>
    Report,

    /// <summary>The engine is restarted.</summary>
    Restart,
}

/// <summary>What happens after too many crashes: <c>--on-failed</c>.</summary>
internal enum FailedAction
{
    /// <summary>The server exits with code 1.</summary>
    Exit,

    /// <summary>The server stays and answers 503 with the reason.</summary>
    Stay,
}

/// <summary>The form of log lines: <c>--log-format</c>.</summary>
internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>Whether the end of standard input stops the server: <c>--stop-on-stdin-eof</c>.</summary>
internal enum StdinEofMode
{
    /// <summary>Only if standard input is a pipe or socket that was open at start.</summary>
    Auto,
    On,
    Off,
}
