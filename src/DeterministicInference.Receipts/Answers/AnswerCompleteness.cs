using System.Globalization;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// Tells a complete answer from one that lacks something: there is a choice, the choices are 0 … n−1, the last
/// finish reason of each is not empty, <c>abort</c> or <c>error</c>, and no error was reported. For one caller at a
/// time.
/// </summary>
internal sealed class AnswerCompleteness
{
    /// <summary>Which choices there are, and whether they came to their end.</summary>
    private readonly SortedDictionary<int, bool> _choices = [];
    private int _open;
    private bool _hasError;

    /// <summary>Whether each choice that there is came to its end, at least one, without an error.</summary>
    public bool HasEnded => _choices.Count > 0 && _open == 0 && !_hasError;

    /// <summary>What is missing, in words that continue a sentence; null if the answer is complete.</summary>
    public string? Missing =>
        _hasError ? "it reports an error"
        : _choices.Count == 0 ? "there is no choice"
        : _open > 0 ? Of(_choices.First(choice => !choice.Value).Key, "has not come to its end")
        : Gap() is { } gap ? Of(gap, "is missing")
        : null;

    /// <summary>Adds an answer, or the next event.</summary>
    public void Append(scoped in AnswerReading answer)
    {
        foreach (ref readonly AnswerPart part in answer.Parts)
        {
            switch (part.Kind)
            {
                case AnswerPartKind.Choice:
                    if (_choices.TryAdd(part.Choice, false))
                        _open++;
                    break;
                case AnswerPartKind.Finish:
                    Finish(part.Choice, IsEnd(answer, part));
                    break;
                case AnswerPartKind.Error:
                    _hasError = true;
                    break;
            }
        }
    }

    /// <summary>Whether the engine gave up on a choice: how SGLang and vLLM end what they stop early.</summary>
    public static bool IsAbort(scoped in AnswerReading answer, in AnswerPart finish) =>
        answer.ValueIs(finish, "abort"u8) || answer.ValueIs(finish, "error"u8);

    private static bool IsEnd(scoped in AnswerReading answer, in AnswerPart finish) =>
        !answer.ValueIs(finish, ""u8) && !IsAbort(answer, finish);

    private void Finish(int choice, bool isEnd)
    {
        if (_choices[choice] == isEnd)
            return;
        _choices[choice] = isEnd;
        _open += isEnd ? -1 : 1;
    }

    private int? Gap()
    {
        int next = 0;
        foreach (int choice in _choices.Keys)
        {
            if (choice != next++)
                return next - 1;
        }
        return null;
    }

    private static string Of(int choice, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"choice {choice} {what}");
}
