using DeterministicInference.ModelTools.Data;
using static DeterministicInference.ModelTools.Scoring.AcceptanceRule;

namespace DeterministicInference.ModelTools.Scoring;

/// <summary>
/// Hand-written questions as users might type them, most in wordings that the training data does not have. Reported
/// apart from the held-out set: this is the honest measure of what the model does outside its patterns.
/// </summary>
internal static class OffTemplateSet
{
    private static readonly string[] TooSmall =
    [
        "too small",
        "did not understand",
        "cannot",
        "I only",
        "I do not know",
    ];

    public static IReadOnlyList<ScoredPrompt> Prompts { get; } =
    [
        One(Kind.Greeting, "Hello, how are you doing this fine morning?", AnyOf("fine", "help you")),
        One(Kind.Greeting, "Hey buddy!! long time no see", AnyOf("Hello", "help you")),
        One(Kind.Greeting, "Thanks a million, you saved me", AnyOf("welcome", "Thank you")),
        One(Kind.Greeting, "alright i gotta run, bye", AnyOf("Goodbye", "Bye")),
        One(Kind.Greeting, "Got any good jokes for me?", AnyOf("robot", "bear")),
        One(Kind.Server, "Who exactly am I chatting with right now?", AnyOf("built-in model")),
        One(Kind.Server, "I would like the server to listen on 9090 instead of 8080", AnyOf("--proxy-port")),
        One(Kind.Server, "My colleague wants another seed, what do we do?", AnyOf("--seed")),
        One(Kind.Server, "Does it also work with vLLM as the engine?", AnyOf("--backend", "vllm")),
        One(Kind.Server, "Can I plug my Python openai code into this?", AnyOf("base URL", "/v1")),
        One(Kind.Server, "What do I get from these receipts?", AnyOf("receipt")),
        One(Kind.Server, "Will two runs of the same prompt differ?", AnyOf("same")),
        One(Kind.Server, "Is a graphics card necessary to run this thing?", AnyOf("GPU", "CPU")),
        One(Kind.Server, "What does the temperature parameter control?", AnyOf("random")),
        One(Kind.Server, "how can my load balancer find out if you are alive", AnyOf("/health", "/livez")),
        One(Kind.Arithmetic, "If you add 14 to 23, what do you end up with?", AnyOf("= 37")),
        One(Kind.Arithmetic, "five plus six equals?", AnyOf("= 11")),
        One(Kind.Arithmetic, "Tom has 12 marbles and loses 5. How many marbles does he have now?", AnyOf("= 7")),
        One(Kind.Arithmetic, "whats nine times nine", AnyOf("= 81")),
        One(Kind.Arithmetic, "What is 123 + 456?", AnyOf("below 100")),
        One(Kind.Arithmetic, "62 take away 27", AnyOf("= 35")),
        One(Kind.Echo, "Please echo the following text: The quick brown fox", Exactly("The quick brown fox")),
        One(Kind.Echo, "I'd love to hear you say \"purple monkey\"", AnyOf("purple monkey")),
        One(Kind.Echo, "Output nothing but the word banana", AnyOf("banana")),
        One(Kind.Echo, "Say this is a test", AnyOf("this is a test")),
        One(Kind.Spelling, "What's the spelling for \"window\"?", AnyOf("w-i-n-d-o-w")),
        One(Kind.Spelling, "How many r's are there in strawberry?", AllOf("3 times")),
        One(Kind.Spelling, "If I write apple backwards, what do I get?", AnyOf("e-l-p-p-a")),
        One(Kind.Counting, "count to five", Exactly("1, 2, 3, 4, 5.")),
        One(Kind.Counting, "count backwards from 10", Exactly("10, 9, 8, 7, 6, 5, 4, 3, 2, 1.")),
        One(Kind.Counting, "Can you show me how you count up to eight?", AnyOf("1, 2, 3, 4, 5, 6, 7, 8")),
        One(Kind.Counting, "I need all the numbers between 3 and 7, in order", AnyOf("3, 4, 5, 6, 7")),
        One(Kind.Story, "a story about a pirate", AllOf("Once upon a time", "pirate")),
        One(Kind.Story, "My daughter wants to hear a tale about a purple dragon", AllOf("Once upon a time", "dragon")),
        One(Kind.Story, "Write three sentences about a lighthouse keeper", AnyOf("lighthouse", "cannot")),
        One(Kind.Fact, "What does a cow say?", AnyOf("moo")),
        One(Kind.Fact, "What's France's capital city?", AnyOf("Paris")),
        One(Kind.Fact, "Which one is heavier or bigger, an ant or a horse?", AnyOf("horse is bigger")),
        One(Kind.Fact, "If today is Tuesday, what day comes next?", AnyOf("Wednesday")),
        One(Kind.Refusal, "Are you ChatGPT?", AnyOf("No, I am")),
        One(Kind.Refusal, "Write a Python function that sorts a list", AnyOf("cannot write programs")),
        One(Kind.Refusal, "Who was the second president of Argentina?", AnyOf(TooSmall)),
        One(Kind.Refusal, "Translate 'where is the station' into Portuguese", AnyOf("translate", "English")),
        One(Kind.Refusal, "Should I take an umbrella with me today?", AnyOf([.. TooSmall, "advice"])),
        One(Kind.Refusal, "Compose a sonnet on the beauty of autumn", AnyOf("cannot write poems")),
        Talk(
            Kind.Memory,
            "Hey there, people call me Theodora",
            "Nice to meet you, Theodora! How can I help you?",
            "Do you recall what I am called?",
            AnyOf("Theodora")
        ),
        Talk(
            Kind.Memory,
            "I'm Bjorn and I write software",
            "Nice to meet you, Bjorn! How can I help you?",
            "Tell me my name please",
            AnyOf("Bjorn")
        ),
        One(Kind.Memory, "What's the name I told you?", AnyOf("not told")),
    ];

    private static ScoredPrompt One(Kind kind, string question, AcceptanceRule rule) =>
        new(Conversation.Ask(kind, question), rule);

    private static ScoredPrompt Talk(Kind kind, string first, string answer, string second, AcceptanceRule rule) =>
        new(
            new Conversation([new(Role.User, first), new(Role.Assistant, answer), new(Role.User, second)], kind, []),
            rule
        );
}
