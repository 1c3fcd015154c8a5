namespace DeterministicInference.Server.Verification;

/// <summary>What was given on the command line can't be used: the message says what and why.</summary>
internal sealed class InputException(string message) : Exception(message);
