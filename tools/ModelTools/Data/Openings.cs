namespace DeterministicInference.ModelTools.Data;

/// <summary>Words that people put before a question or a request.</summary>
internal static class Openings
{
    private static readonly string[] Questions =
    [
        "hey, ", "hi, ", "hello, ", "hey ", "hi ", "ok, ", "okay, ", "so ", "so, ", "please tell me, ", "please tell me ",
        "can you tell me ", "could you tell me ", "can you please tell me ", "tell me, ", "tell me ", "I want to know ",
        "I would like to know ", "I have a question: ", "quick question: ", "one more question: ", "question: ",
        "hey there, ", "hi there, ", "excuse me, ", "sorry, ", "do you know ", "just wondering, ", "and ", "now, ",
        "well, ", "um, ", "hmm, ", "good morning, ", "please, ", "hello! ", "hi! ", "I wonder, ", "next question: ",
    ];

    private static readonly string[] Requests =
    [
        "please ", "please ", "can you ", "can you ", "could you ", "can you please ", "could you please ", "would you ",
        "would you please ", "will you ", "hey, ", "hi, ", "hey, can you ", "hi, can you ", "hi, could you ",
        "hello, can you ", "hey, please ", "hello, please ", "now ", "now please ", "ok, ", "ok, now ", "okay, please ",
        "I want you to ", "I would like you to ", "I'd like you to ", "I need you to ", "then ", "and now ", "next, ",
        "please, ", "please just ", "go ahead and ", "can u ", "hello! ", "hi! please ", "hey! ", "so, ",
    ];

    /// <summary>Starts <paramref name="text"/> with an opening, or with none. Returns true if the opening asks (can you ...).</summary>
    public static bool Write(UserText text, KeyedRandom random, bool question)
    {
        if (!random.Chance(38))
        {
            return question;
        }

        string opening = random.Pick(question ? Questions : Requests);
        text.Append(opening);
        return question || opening.Contains("can ", StringComparison.Ordinal)
            || opening.Contains("ould you", StringComparison.Ordinal)
            || opening.Contains("will you", StringComparison.Ordinal);
    }
}
