namespace DeterministicInference.Server.Verification;

/// <summary>An input of the command line can't be used: the message names it and says why.</summary>
internal sealed class InputException(string message) : Exception(message);
