namespace DeterministicInference.Server.Guard;

/// <summary>
/// Two guards, one inside the other. Each is the reaper of everything below it, so either may be killed alone: the
/// outer one then ends what the inner one leaves, and the inner one sees its parent go.
/// </summary>
internal enum GuardRole
{
    /// <summary>Child of the server; its one child is the inner guard.</summary>
    Outer,

    /// <summary>Child of the outer guard and parent of the engine.</summary>
    Inner,
}
