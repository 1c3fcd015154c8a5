namespace DeterministicInference.ModelTools.Data;

/// <summary>What the last question of a conversation asks for. Scores are reported per kind.</summary>
internal enum Kind
{
    Greeting,
    Server,
    Arithmetic,
    Echo,
    Spelling,
    Counting,
    Story,
    Fact,
    Refusal,
    Memory,
}
