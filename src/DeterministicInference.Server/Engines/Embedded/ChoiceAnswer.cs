using System.Text;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>One choice of an answer, accumulated from its events.</summary>
/// <param name="index">Index in the answer</param>
/// <param name="prompt">Index of the prompt.</param>
internal sealed class ChoiceAnswer(int index, int prompt)
{
    public int Index { get; } = index;

    public int Prompt { get; } = prompt;

    public StringBuilder Text { get; } = new();

    public List<int> Tokens { get; } = [];

    public List<PositionLogprobs> Logprobs { get; } = [];

    public FinishReason? Finish { get; private set; }

    /// <summary>Whether nothing of it was sent yet (streams begin with the role, or with the echoed prompt).</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>Unicode scalars of the text before the next token, for <c>text_offset</c>.</summary>
    public int NextOffset { get; set; }

    public void Add(TokenGenerated e)
    {
        Text.Append(e.Text);
        if (e.Token is { } token)
            Tokens.Add(token);
        if (e.Logprobs is { } logprobs)
            Logprobs.Add(logprobs);
        Finish = e.Finish;
    }

    public static string Name(FinishReason reason) => reason == FinishReason.Stop ? "stop" : "length";
}
