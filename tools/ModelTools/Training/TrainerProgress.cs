using System.Diagnostics;
using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary>The progress lines of a run. Speed is for the reader; nothing reads it back.</summary>
internal sealed class TrainerProgress(TrainingRecipe recipe, TrainerSettings settings, TrainingState state)
{
    private long _since = Stopwatch.GetTimestamp();
    private long _tokensThen = state.Tokens;
    private ShardLoss _loss;
    private int _cut;

    public void Started(bool resumed)
    {
        Write($"recipe {recipe.Identity}");
        Write(
            $"{recipe.Shape.ParameterCount:N0} parameters, {recipe.Steps} steps, {settings.Threads} threads, "
                + $"{Instructions.Name}"
        );
        if (resumed)
            Write($"resumed after step {state.Step}, next document {state.NextDocument}");
    }

    public void Stepped(Batch batch, ShardLoss loss)
    {
        _loss += loss;
        _cut += batch.CutDocuments;
        if (state.Step % settings.ReportEvery != 0 && state.Step != recipe.Steps)
            return;
        double speed = (state.Tokens - _tokensThen) / Stopwatch.GetElapsedTime(_since).TotalSeconds;
        Write(
            $"step {state.Step, 6}  tokens {state.Tokens, 11:N0}  loss {_loss.Mean:F4}  accuracy {_loss.Accuracy:F3} "
                + $" {speed, 8:N0} tokens/s"
        );
        _since = Stopwatch.GetTimestamp();
        _tokensThen = state.Tokens;
        _loss = default;
    }

    public void Validated(ShardLoss loss)
    {
        Write(
            $"step {state.Step, 6}  validation loss {loss.Mean:F4}  accuracy {loss.Accuracy:F3}  ({loss.Targets:N0} "
                + $"targets)"
        );
        // Validation does not count as training time.
        _since = Stopwatch.GetTimestamp();
        _tokensThen = state.Tokens;
    }

    public void Finished(string weightsHash)
    {
        if (_cut > 0)
            Write($"{_cut:N0} documents were longer than {recipe.DocumentTokens} tokens and were cut");
        Write($"step {state.Step}  weights {weightsHash}");
    }

    // Invariant: see InvariantGlobalization in Directory.Build.props.
    private void Write(string line)
    {
        settings.Progress.WriteLine(line);
        settings.Progress.Flush();
    }
}
