namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>What a field affects if an engine honours it.</summary>
internal enum FieldChange
{
    /// <summary>Nothing visible to a client: bookkeeping, billing, placement, scheduling.</summary>
    Nothing,

    /// <summary>How the answer is sent, not its content.</summary>
    Delivery,

    /// <summary>Metadata of the answer, such as log-probabilities.</summary>
    Report,

    /// <summary>The generated output.</summary>
    Answer,

    /// <summary>
    /// The answer, through more than the request (time, earlier requests, state kept elsewhere), or by values that
    /// differ from engine to engine.
    /// </summary>
    Nondeterminism,
}
