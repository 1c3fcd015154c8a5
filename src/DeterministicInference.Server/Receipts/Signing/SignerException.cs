namespace DeterministicInference.Server.Receipts.Signing;

/// <summary>A program that signs gave no signature. The message is a clause that names the program.</summary>
/// <param name="message">The clause.</param>
/// <param name="isBroken">
/// Whether the program can't be trusted to go on; otherwise it has only declined, or needs longer.
/// </param>
internal sealed class SignerException(string message, bool isBroken = true) : Exception(message)
{
    public bool IsBroken => isBroken;

    /// <summary>The message for whoever gave the command, with a remedy.</summary>
    public string Explain() =>
        $"--signer-command: {Message}. Run the command by itself and give it the line 'public-key': it answers with "
        + "one line, as docs/operations.md says.";
}
