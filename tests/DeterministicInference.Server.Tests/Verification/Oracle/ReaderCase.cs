namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>A bundle that each reader of receipts is given, and what it has to say.</summary>
/// <param name="Name">The file's: a number and a few words.</param>
/// <param name="What">What it is.</param>
/// <param name="Bundle">The file.</param>
/// <param name="Verdict">What is expected.</param>
internal sealed record ReaderCase(string Name, string What, byte[] Bundle, string Verdict)
{
    /// <summary>What a client shows otherwise than of the honest answer; null if there is nothing.</summary>
    public Deception? Shown { get; init; }

    public override string ToString() => $"{Name} ({What})";
}
