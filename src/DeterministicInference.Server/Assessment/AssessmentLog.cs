using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Assessment;

/// <summary>Logs an assessment whenever it contains something new.</summary>
/// <param name="logger">The engine's logger.</param>
internal sealed partial class AssessmentLog(ILogger logger)
{
    private (string Class, string Texts)? _written;

    /// <summary>
    /// "Deterministic" is logged only after the engine was queried; reasons against it are logged before the engine
    /// loads for minutes.
    /// </summary>
    public void Write(EngineAssessment assessment)
    {
        if (assessment.Class == EngineAssessment.NotChecked)
            return;
        string texts = string.Join(" ", assessment.Reasons.Select(reason => reason.Text));
        if (_written == (assessment.Class, texts))
            return;
        _written = (assessment.Class, texts);
        foreach (Finding note in assessment.Findings.Where(finding => finding.Kind == FindingKind.Note))
            Noted(note.Text);
        if (assessment.Class == EngineAssessment.Deterministic)
            Deterministic(assessment.Basis);
        else
            BestEffort(texts);
    }

    [LoggerMessage(LogLevel.Information, "Answers are deterministic: {Basis}")]
    private partial void Deterministic(string basis);

    [LoggerMessage(LogLevel.Warning, "Answers are best-effort, not deterministic: {Reasons}")]
    private partial void BestEffort(string reasons);

    [LoggerMessage(LogLevel.Debug, "{Note}")]
    private partial void Noted(string note);
}
