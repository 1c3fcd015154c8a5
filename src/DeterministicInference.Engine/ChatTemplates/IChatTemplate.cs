namespace DeterministicInference.Engine.ChatTemplates;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">"system", "user" or "assistant".</param>
/// <param name="Content">Its text.</param>
internal sealed record ChatMessage(string Role, string Content);

/// <summary>A piece of a rendered prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsControl">
/// Whether the template wrote it: only then may the spelling of a control token in it stand for that token. What a
/// client wrote is always plain text.
/// </param>
internal readonly record struct PromptPart(string Text, bool IsControl);

/// <summary>How a model wants a conversation written.</summary>
internal interface IChatTemplate
{
    /// <summary>The prompt up to the place where the assistant's answer begins.</summary>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    IReadOnlyList<PromptPart> Render(IReadOnlyList<ChatMessage> messages);
}

/// <summary>A conversation that can't be rendered; the message is for the client that sent it.</summary>
public sealed class ChatTemplateException(string message) : Exception(message);
