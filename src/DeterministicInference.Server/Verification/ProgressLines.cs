using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Verification;

/// <summary>Writes each report as a line, at once and in order.</summary>
internal sealed class ProgressLines(TextWriter output) : IProgress<string>
{
    public void Report(string value) => output.WriteLine(OneLine.Of(value));
}
