using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// System turns as clients send them. The answers do not depend on them: the model learns not to be put off.
/// </summary>
internal static class SystemPrompts
{
    private static readonly string[] Fixed =
    [
        "You are a helpful assistant.",
        "You are a helpful assistant.",
        "You are a helpful assistant.",
        "You are a helpful, friendly assistant.",
        "You are a chatbot.",
        "Be concise.",
        "Answer in one sentence.",
        "You are an AI assistant.",
        "Be brief and polite.",
        "Answer the question.",
        "You are a helpful AI assistant. Answer as well as you can.",
        "Follow the instructions of the user.",
        "You are the assistant of this server.",
        "Keep your answers short.",
        "You answer questions.",
        "Respond in English.",
        "You are a test model.",
        "Be helpful, harmless and honest.",
    ];

    private static readonly string[] Roles =
    [
        "assistant",
        "helper",
        "bot",
        "chatbot",
        "teacher",
        "model",
        "companion",
        "guide",
        "librarian",
        "robot",
    ];
    private static readonly string[] Rules =
    [
        "Answer in short sentences.",
        "Be polite.",
        "Do not make things up.",
        "Keep it simple.",
        "Be brief.",
        "Use plain words.",
        "Think before you answer.",
        "Do not repeat the question.",
        "Help the user.",
        "Answer truthfully.",
        "If you do not know something, say so.",
        "Never be rude.",
    ];

    public static string Draw(KeyedRandom random)
    {
        if (random.Chance(55))
        {
            return random.Pick(Fixed);
        }

        string adjective = random.Pick(WordLists.Adjectives);
        string article = "aeiou".Contains(adjective[0], StringComparison.Ordinal) ? "an" : "a";
        string text = $"You are {article} {adjective} {random.Pick(Roles)}.";
        return random.Chance(60) ? $"{text} {random.Pick(Rules)}" : text;
    }
}
