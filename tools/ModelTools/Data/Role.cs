namespace DeterministicInference.ModelTools.Data;

/// <summary>Who speaks in a turn. The names in lower case are the role names of the chat format.</summary>
internal enum Role
{
    System,
    User,
    Assistant,
}
