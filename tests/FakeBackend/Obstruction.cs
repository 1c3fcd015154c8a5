namespace DeterministicInference.FakeBackend;

/// <summary>How much of the running process does not answer any more. It never recovers.</summary>
internal enum Obstruction
{
    None,

    /// <summary>
    /// Generating requests get not a single byte more; everything else works, as when a scheduler hangs behind a live
    /// HTTP server.
    /// </summary>
    Generation,

    /// <summary>No route but <c>/__fake</c> answers, as when the process as a whole is stuck.</summary>
    Everything,
}
