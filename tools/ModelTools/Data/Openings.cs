using System.Collections.Frozen;

namespace DeterministicInference.ModelTools.Data;

/// <summary>Words that people put before a question or a request.</summary>
internal static class Openings
{
    private static readonly string[] Questions =
    [
        "hey, ",
        "hi, ",
        "hello, ",
        "hey ",
        "hi ",
        "ok, ",
        "okay, ",
        "so ",
        "so, ",
        "please tell me, ",
        "please tell me ",
        "can you tell me ",
        "could you tell me ",
        "can you please tell me ",
        "tell me, ",
        "tell me ",
        "I want to know ",
        "I would like to know ",
        "I have a question: ",
        "quick question: ",
        "one more question: ",
        "question: ",
        "hey there, ",
        "hi there, ",
        "excuse me, ",
        "sorry, ",
        "do you know ",
        "just wondering, ",
        "and ",
        "now, ",
        "well, ",
        "um, ",
        "hmm, ",
        "good morning, ",
        "please, ",
        "hello! ",
        "hi! ",
        "I wonder, ",
        "next question: ",
    ];

    public static readonly string[] Requests =
    [
        "please ",
        "please ",
        "can you ",
        "can you ",
        "could you ",
        "can you please ",
        "could you please ",
        "would you ",
        "would you please ",
        "will you ",
        "hey, ",
        "hi, ",
        "hey, can you ",
        "hi, can you ",
        "hi, could you ",
        "hello, can you ",
        "hey, please ",
        "hello, please ",
        "now ",
        "now please ",
        "ok, ",
        "ok, now ",
        "okay, please ",
        "I want you to ",
        "I would like you to ",
        "I'd like you to ",
        "I need you to ",
        "then ",
        "and now ",
        "next, ",
        "please, ",
        "please just ",
        "go ahead and ",
        "can u ",
        "hello! ",
        "hi! please ",
        "hey! ",
        "so, ",
    ];

    /// <summary>For wordings that are neither, such as "the port is taken".</summary>
    private static readonly string[] Anything =
    [
        "hey, ",
        "hi, ",
        "hello, ",
        "hey ",
        "hi ",
        "ok, ",
        "okay, ",
        "so, ",
        "hey there, ",
        "hi there, ",
        "excuse me, ",
        "sorry, ",
        "now, ",
        "well, ",
        "um, ",
        "hmm, ",
        "please, ",
        "hello! ",
        "hi! ",
        "next: ",
        "and ",
        "good morning, ",
    ];

    private static readonly FrozenSet<string> QuestionWords = FrozenSet.Create(
        "what",
        "what's",
        "whats",
        "which",
        "how",
        "how's",
        "who",
        "whose",
        "where",
        "when",
        "why"
    );

    private static readonly FrozenSet<string> Verbs = FrozenSet.Create(
        "add",
        "answer",
        "break",
        "build",
        "calculate",
        "call",
        "change",
        "check",
        "choose",
        "close",
        "code",
        "compare",
        "compose",
        "compute",
        "copy",
        "count",
        "crack",
        "create",
        "debug",
        "define",
        "delete",
        "describe",
        "display",
        "divide",
        "do",
        "draft",
        "draw",
        "echo",
        "entertain",
        "evaluate",
        "explain",
        "find",
        "fix",
        "flip",
        "form",
        "generate",
        "give",
        "help",
        "imitate",
        "implement",
        "improve",
        "introduce",
        "invent",
        "launch",
        "list",
        "make",
        "multiply",
        "name",
        "open",
        "order",
        "output",
        "parrot",
        "pick",
        "play",
        "present",
        "print",
        "program",
        "prove",
        "quit",
        "read",
        "recite",
        "remember",
        "remind",
        "repeat",
        "reply",
        "respond",
        "return",
        "reverse",
        "review",
        "rewrite",
        "run",
        "say",
        "select",
        "send",
        "set",
        "show",
        "shut",
        "sing",
        "skip",
        "solve",
        "speak",
        "spell",
        "split",
        "start",
        "stop",
        "subtract",
        "sum",
        "summarize",
        "surprise",
        "switch",
        "take",
        "talk",
        "teach",
        "tell",
        "total",
        "translate",
        "try",
        "turn",
        "type",
        "use",
        "verify",
        "work",
        "write"
    );

    /// <summary>The openings that go well with a wording, by its first word.</summary>
    public static string[] For(string wording, bool question)
    {
        int end = wording.IndexOfAny([' ', ',', ':']);
        string first = end < 0 ? wording : wording[..end];
        return question && QuestionWords.Contains(first) ? Questions
            : !question && Verbs.Contains(first) ? Requests
            : Anything;
    }

    /// <summary>
    /// Starts <paramref name="text"/> with an opening, or with none. Returns true if the whole is a question.
    /// </summary>
    public static bool Write(UserText text, KeyedRandom random, Phrase phrase)
    {
        if (!random.Chance(38))
        {
            return phrase.IsQuestion;
        }

        string opening = random.Pick(phrase.Openings);
        text.Append(opening);
        return phrase.IsQuestion
            || opening.Contains("can ", StringComparison.Ordinal)
            || opening.Contains("ould you", StringComparison.Ordinal)
            || opening.Contains("will you", StringComparison.Ordinal);
    }
}
